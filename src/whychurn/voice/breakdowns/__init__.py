"""Topics over time, by group, on the rise."""
