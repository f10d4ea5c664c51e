"""risk/evaluation."""
