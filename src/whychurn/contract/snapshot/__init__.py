"""One row per customer: words that say who left, and which kind of study one is."""
