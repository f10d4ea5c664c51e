"""intake/check."""
