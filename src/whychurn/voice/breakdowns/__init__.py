"""voice/breakdowns."""
