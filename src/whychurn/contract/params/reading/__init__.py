"""The one place that reads params.yaml, and what is wrong with it in words."""
