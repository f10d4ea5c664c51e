"""voice/topics."""
