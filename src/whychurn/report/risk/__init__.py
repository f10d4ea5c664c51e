"""report/risk."""
