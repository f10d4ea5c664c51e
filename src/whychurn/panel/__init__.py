"""Who churned, and what was known of each member on each day."""
