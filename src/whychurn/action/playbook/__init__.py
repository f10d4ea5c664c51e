"""What can be done about each cause of leaving, and what is believed of it before any test."""
