"""Pages: words, drawing, parts of a page, a folder a question, rendering."""
