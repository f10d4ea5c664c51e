"""Which cause a text speaks of."""
