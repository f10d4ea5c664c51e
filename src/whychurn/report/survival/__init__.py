"""How long members stay."""
