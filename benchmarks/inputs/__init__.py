"""Ways in which exports differ: one small study, written in hundreds of ways."""
