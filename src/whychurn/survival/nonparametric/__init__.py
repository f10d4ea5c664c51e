"""survival/nonparametric."""
