"""Sentences and tables of the retention report, a module a topic."""
