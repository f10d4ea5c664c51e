"""Pseudonyms and redaction, and what may leave intake."""
