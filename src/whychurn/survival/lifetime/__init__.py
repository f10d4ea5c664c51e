"""survival/lifetime."""
