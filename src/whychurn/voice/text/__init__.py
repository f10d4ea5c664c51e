"""voice/text."""
