"""causes/exposures."""
