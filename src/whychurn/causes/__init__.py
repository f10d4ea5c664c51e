"""WHY: the cause of each churn event, the share of each cause, the churn that each cause adds."""
