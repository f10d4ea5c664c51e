"""retention/lifecycle."""
