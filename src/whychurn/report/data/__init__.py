"""Tables and charts of what came in."""
