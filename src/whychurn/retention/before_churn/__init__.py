"""What happened before members left: event study, triggers, complaints, peaks of the hazard."""
