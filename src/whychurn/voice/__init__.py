"""What members say: topics, sentiment and named causes of complaints, reviews, surveys and interviews."""
