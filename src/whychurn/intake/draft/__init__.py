"""A mapping drafted from the files: which file is which table, which column is which."""
