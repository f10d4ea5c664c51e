"""Mapping, rows set aside with a reason, order lines, members that only activity knows."""
