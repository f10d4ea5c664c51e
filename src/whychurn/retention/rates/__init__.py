"""Rates by period, cohort, region, stratum and churn definition."""
