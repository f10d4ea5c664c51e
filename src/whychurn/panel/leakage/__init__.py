"""panel/leakage."""
