"""Simulated programmes with planted causes: the demo's data and the yardstick."""
