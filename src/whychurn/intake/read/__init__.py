"""intake/read."""
