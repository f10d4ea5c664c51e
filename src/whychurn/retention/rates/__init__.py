"""retention/rates."""
