"""delivery/serving."""
