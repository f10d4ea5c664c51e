"""Effects, plans, warnings and invitations beside what was planted."""
