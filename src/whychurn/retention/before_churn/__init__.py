"""retention/before_churn."""
