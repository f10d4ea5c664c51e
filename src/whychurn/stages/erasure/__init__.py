"""Members erased from all that was computed of them, and older copies of results removed."""
