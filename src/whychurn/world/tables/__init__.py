"""The tables that a company would export of those lives."""
