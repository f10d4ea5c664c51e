"""Who gets what: gains of contacts, the choice under budget and caps, hold-out, exploration, value of the plan."""
