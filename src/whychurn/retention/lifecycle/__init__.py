"""Stages of a member's life, transitions between them, segments."""
