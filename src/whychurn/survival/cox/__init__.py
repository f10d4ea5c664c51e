"""survival/cox."""
