"""MLflow tracking and registry, the served model, and the reports."""
