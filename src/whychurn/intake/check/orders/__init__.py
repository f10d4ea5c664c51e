"""Orders: amounts of pieces, lines of one order, refunds and cancellations."""
