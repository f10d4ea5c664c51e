"""report/retention."""
