"""A benchmark for any method: worlds of a fixed list, their causes apart, and a ranking of what methods answer."""
