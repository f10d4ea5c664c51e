"""WHO NEXT: a calibrated model of churn within the horizon, and its explanation."""
