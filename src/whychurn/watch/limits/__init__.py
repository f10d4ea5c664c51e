"""When a monthly figure is off what the reference months leave to chance."""
