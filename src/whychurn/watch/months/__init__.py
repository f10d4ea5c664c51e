"""Month against month: what was told then, what is told now, and what the difference is made of."""
