"""Figures of the retention answers; each takes a results table and a language."""

from whychurn.report.retention.charts.groups import (
    draw_outcomes,
    draw_regions,
    draw_segments,
    draw_silence,
    draw_strata,
    draw_triggers,
    group_name,
)
from whychurn.report.retention.charts.lifecycle import (
    draw_moves,
    draw_second_purchase,
    draw_stages,
    draw_steps,
)
from whychurn.report.retention.charts.time import draw_cohorts, draw_hazard, draw_rates, draw_study
