"""The front door: what notebooks call, over the pure functions that the stages call."""
