"""Polarity of texts, from words or from ratings."""
