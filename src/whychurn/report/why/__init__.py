"""The page `why`: why members leave; which groups, when, what they say, where rivals pull, and how sure that is."""
