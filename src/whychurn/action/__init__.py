"""What would keep members: tests by lot, effects, the plan, early warning, win-back."""
