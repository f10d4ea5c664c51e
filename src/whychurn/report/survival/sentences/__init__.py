"""Sentences and tables of the survival report, a module a topic."""
