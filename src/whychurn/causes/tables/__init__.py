"""causes/tables."""
