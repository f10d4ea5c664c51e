"""Numbers: decimal mark, currencies, scores in words."""
