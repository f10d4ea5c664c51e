"""A study folder as an object: parameters, checks, runs, results, members, reports."""
