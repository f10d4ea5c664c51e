"""Whether what was found still holds: charts of each month, limits, alarms, and what came in."""
