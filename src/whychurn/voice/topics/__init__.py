"""Topics of texts in each language, joined across languages."""
