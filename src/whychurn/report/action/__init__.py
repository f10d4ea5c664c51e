"""What would keep members: sentences, charts and pages on tests, plan, warnings and win-back."""
