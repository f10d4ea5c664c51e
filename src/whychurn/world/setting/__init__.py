"""world/setting."""
