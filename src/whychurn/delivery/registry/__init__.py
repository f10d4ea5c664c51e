"""delivery/registry."""
