"""causes/evidence."""
