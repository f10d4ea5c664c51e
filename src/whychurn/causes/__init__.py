"""WHY: the cause of each leaving, the share of each cause, the churn that each cause adds."""
