"""report/voice."""
