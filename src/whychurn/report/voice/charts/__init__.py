"""Figures of what members say."""
