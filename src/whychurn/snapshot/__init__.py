"""ONE ROW PER CUSTOMER: what a table without history can tell of leaving, and what it cannot."""
