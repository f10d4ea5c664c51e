"""risk/model."""
