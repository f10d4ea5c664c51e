"""The setting of a simulated programme: calendar, market, and how hazards of the causes combine."""
