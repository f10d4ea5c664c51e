"""world/tables."""
