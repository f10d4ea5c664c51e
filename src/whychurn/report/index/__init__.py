"""The first page: why members leave, what keeps them, whom to act on, what changed and how sure that is."""
