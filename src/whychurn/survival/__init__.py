"""WHEN: how long members stay, what shortens the stay, and from which cause they leave."""
