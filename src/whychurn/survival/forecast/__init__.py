"""survival/forecast."""
