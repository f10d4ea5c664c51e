"""survival/hazard_ratios."""
