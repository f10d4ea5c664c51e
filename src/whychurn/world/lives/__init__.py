"""world/lives."""
