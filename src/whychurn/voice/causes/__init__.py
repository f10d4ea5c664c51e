"""Which cause a text names."""
