"""What is associated with shorter stays: the Cox models, their remedies, their tables."""
