"""Why members left, and how sure that is."""
