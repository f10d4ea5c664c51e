"""voice/sentiment."""
