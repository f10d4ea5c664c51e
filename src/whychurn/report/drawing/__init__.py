"""Figures as SVG with real text, the colours of light and dark, charts that several questions share."""
