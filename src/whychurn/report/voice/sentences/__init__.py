"""Sentences and tables of what members say, a module a topic."""
