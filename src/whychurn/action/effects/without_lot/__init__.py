"""Campaigns that chose their members: associations with bounds, never effects."""
