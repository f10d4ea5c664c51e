"""Figures of the survival answers; each takes a results table and a language."""

from whychurn.report.drawing.cumulative_incidence import draw_incidence
from whychurn.report.drawing.rate_ratios import draw_rate_ratios
from whychurn.report.survival.charts.competing_risks import draw_cause_strata, draw_removal
from whychurn.report.survival.charts.curves import (
    draw_hazard,
    draw_sensitivity,
    draw_stay,
    draw_strata,
)
from whychurn.report.survival.charts.forecasts import draw_forecast_calibration, draw_forecasts, draw_spread
from whychurn.report.survival.charts.hazard_ratios import (
    draw_cause_ratios,
    draw_curves,
    draw_drift,
    draw_hazard_ratios,
)
from whychurn.report.survival.charts.lifetime import draw_spend, draw_tiers
