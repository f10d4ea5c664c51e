"""report/drawing."""
