"""Parts of a page: headlines, tables, numbers, questions that could not be answered."""
