"""Results tables of the attribution."""
