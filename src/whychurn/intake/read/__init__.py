"""Files and databases read as they are; types, dates and numbers recognised."""
