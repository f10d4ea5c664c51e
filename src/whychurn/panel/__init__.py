"""Who counts as gone, and what was known of each member on each day."""
