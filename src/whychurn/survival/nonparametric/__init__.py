"""Kaplan-Meier curves, log-rank tests, kernel-smoothed hazard."""
