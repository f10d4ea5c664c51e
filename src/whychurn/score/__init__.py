"""How good attributions are, measured on programmes whose true causes are known.

Pure functions: planted causes, attributions, shares and evidence come in as tables, tidy tables go out. Only
the stage `score` can hand them the planted causes.
"""
