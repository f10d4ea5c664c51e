"""Why members of a membership programme leave, and what would keep them."""
