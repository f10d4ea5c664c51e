"""Whether the assumptions of the attribution hold, and how far it moves without a source."""
