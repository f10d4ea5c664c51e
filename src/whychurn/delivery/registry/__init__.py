"""The model registry: versions, gates of a promotion, the served model."""
