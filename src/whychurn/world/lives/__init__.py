"""Members' lives: exposures, hazards, terms, contacts."""
