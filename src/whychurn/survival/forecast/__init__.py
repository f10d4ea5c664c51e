"""Forecasts of the stay, compared forward in time."""
