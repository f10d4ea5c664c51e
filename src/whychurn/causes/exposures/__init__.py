"""What each member was exposed to, week by week, cause by cause."""
