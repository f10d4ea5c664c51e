"""Figures of the causes report; each takes a results table and a language."""

from whychurn.report.causes.charts.accuracy import draw_errors
from whychurn.report.causes.charts.competition import draw_gap, draw_rivals
from whychurn.report.causes.charts.interviews import draw_sources
from whychurn.report.causes.charts.robustness import draw_side_by_side, draw_triangulation
from whychurn.report.causes.charts.shares import draw_shares, draw_stated
from whychurn.report.drawing.cumulative_incidence import draw_incidence
