"""Attribution scored over programmes built in many ways: one row a world and method, and what may be quoted of it."""
