"""The mix of causes of any member on any day, from the fitted additive hazard."""
