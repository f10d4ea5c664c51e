"""What MLflow keeps of a run."""
