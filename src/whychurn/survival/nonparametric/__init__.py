"""Kaplan-Meier curves, log-rank tests, smoothed hazard, by churn definition."""
