"""Sentences and tables on what came in, alarms, months and forecasts."""
