"""Split by time, baselines, boosting, tuning, calibration."""
