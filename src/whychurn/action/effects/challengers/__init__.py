"""Ways to tell whom an action helps, taught by earlier waves and tried on later ones, each beside its own null."""
