"""causes/checks."""
