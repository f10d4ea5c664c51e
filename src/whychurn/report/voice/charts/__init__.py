"""Figures of what members say; each takes a results table and a language."""

from whychurn.report.voice.charts.text_causes import draw_agreement, draw_triangulation
from whychurn.report.voice.charts.topic_hazard_ratios import draw_effects
from whychurn.report.voice.charts.topics import draw_months, draw_topics
