"""Figures on held-out months, backtest, cross-validation of public data."""
