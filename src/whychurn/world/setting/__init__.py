"""The setting of a simulated programme: calendar, market, seasons, mechanism."""
