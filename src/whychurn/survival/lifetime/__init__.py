"""Expected margin of each member."""
