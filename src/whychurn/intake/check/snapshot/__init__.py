"""One row per customer: known by its columns, read, columns written at leaving found."""
