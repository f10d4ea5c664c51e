"""intake/privacy."""
