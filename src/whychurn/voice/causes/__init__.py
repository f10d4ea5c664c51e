"""voice/causes."""
