"""Columns of codes: what is known, and what is not understood."""
