"""Members' lives: exposures, hazards, terms, campaigns."""
