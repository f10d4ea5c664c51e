"""The page on what changed: words, tables and charts of the stage watch."""
