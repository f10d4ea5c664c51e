"""world/truth."""
