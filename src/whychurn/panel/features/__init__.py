"""panel/features."""
