"""Texts made comparable: language, tokens, duplicates."""
