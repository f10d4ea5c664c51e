"""Figures of the survival answers; each takes a results table and a language."""

from whychurn.survival.figures.stays import draw_hazard, draw_moments, draw_stay, draw_strata, stratum_name

__all__ = ["draw_hazard", "draw_moments", "draw_stay", "draw_strata", "stratum_name"]
