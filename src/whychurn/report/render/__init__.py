"""Notebooks executed and laid out, the index, the summary."""
