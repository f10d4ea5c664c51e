"""Files of any kind as raw tables."""
