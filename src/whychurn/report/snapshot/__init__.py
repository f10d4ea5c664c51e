"""Sentences, tables and charts of the report on one row per customer."""
