"""Sentences and tables of the causes report, a module a topic."""
