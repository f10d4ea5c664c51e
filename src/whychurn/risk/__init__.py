"""WHO NEXT: a calibrated model of leaving within the horizon, and what it looks at."""
