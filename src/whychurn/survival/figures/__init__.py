"""Figures of the survival answers; each takes a results table and a language."""

from whychurn.survival.figures.causes import draw_cause_strata, draw_incidence, draw_removal
from whychurn.survival.figures.cox import draw_cause_ratios, draw_curves, draw_drift, draw_hazard_ratios
from whychurn.survival.figures.forecasts import draw_forecast_calibration, draw_forecasts, draw_spread
from whychurn.survival.figures.lifetime import draw_spend, draw_tiers
from whychurn.survival.figures.stays import (
    draw_hazard,
    draw_moments,
    draw_sensitivity,
    draw_stay,
    draw_strata,
    stratum_name,
)

__all__ = [
    "draw_cause_ratios",
    "draw_cause_strata",
    "draw_curves",
    "draw_drift",
    "draw_forecast_calibration",
    "draw_forecasts",
    "draw_hazard",
    "draw_hazard_ratios",
    "draw_incidence",
    "draw_moments",
    "draw_removal",
    "draw_sensitivity",
    "draw_spend",
    "draw_spread",
    "draw_stay",
    "draw_strata",
    "draw_tiers",
    "stratum_name",
]
