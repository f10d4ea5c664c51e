"""The card of one member: history, likely cause with its evidence, what to offer, what not to send."""
