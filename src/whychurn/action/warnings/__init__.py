"""Early warning: who of those still there may leave, what says so, and how good such alerts were."""
