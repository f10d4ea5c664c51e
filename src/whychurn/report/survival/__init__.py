"""report/survival."""
