"""Commands on what keeps members: read a test out, size the next one, export lists for staff."""
