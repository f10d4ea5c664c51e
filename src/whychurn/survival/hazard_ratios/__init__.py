"""What goes along with shorter stays: the model, its remedies, its tables."""
