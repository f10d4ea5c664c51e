"""Who left."""
