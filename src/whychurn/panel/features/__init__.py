"""What was known of a member on a day: one file a source table, and the catalogue."""
