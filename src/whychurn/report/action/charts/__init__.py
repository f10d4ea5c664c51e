"""Figures of the report on actions; each takes rows that the sentences also read, and a language."""

from whychurn.report.action.charts.effects import draw_effects, draw_policies
from whychurn.report.action.charts.peeks import draw_peeks, peeks_of, peeks_title
