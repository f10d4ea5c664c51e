"""Dates and times: spellings, order of day, month and year, zones."""
