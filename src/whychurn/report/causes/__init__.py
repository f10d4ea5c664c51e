"""report/causes."""
