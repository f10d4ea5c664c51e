"""Touches as of the draw: chances, who was still there or gone, and what each did afterwards."""
