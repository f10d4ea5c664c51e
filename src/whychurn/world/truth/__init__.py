"""What was planted: cause of each leaving, churn without each cause, effects of actions."""
