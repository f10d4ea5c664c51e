"""What each action changes: cause-informed effects, their challengers, and campaigns without lot."""
