"""delivery/tracking."""
