"""risk/explanation."""
