"""What each figure of the report on stays shows: the sentences of its caption, by the figure's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from whychurn.contract.codes import MAX_LEFT_TRUNCATION_DAYS, MIN_HAZARD_RATIO_CHANGE
from whychurn.report.page.findings import leader_lines
from whychurn.report.page.page_like import PageLike
from whychurn.report.survival.sentences import competing_risks, curves, forecasts, hazard_ratios


def captions(
    read: Callable[[str], pd.DataFrame], facts: Mapping[str, Any], level: float, page: PageLike
) -> dict[str, list[str]]:
    """Sentences by name of figure.

    Parameters
    ----------
    read
        Gives a results table by its name, empty where the study has none.
    level
        Largest corrected p-value of a ratio that is told.
    """
    found = {
        "sensitivity": curves.alike_lines(read("survival_sensitivity"), page),
        "stay": [text for *_, text, _ in curves.headlines(facts, page)],
        "strata": curves.strata(read("survival_tests"), facts, page, 4),
        "hazard": curves.peak(read("survival_hazard"), page),
        "hazard_ratios": hazard_ratios.strongest(read("hazard_ratios"), facts, level, page, 3),
        "curves": hazard_ratios.bend_lines(facts, read("collinearity"), page),
        "drift": hazard_ratios.drift_lines(facts, MIN_HAZARD_RATIO_CHANGE, page),
        "forecast": forecasts.verdict(facts, read("survival_model_comparison"), page),
        "forecast_calibration": forecasts.calibrated(facts, page),
        "spread": forecasts.evenness(facts, page),
        "spend": forecasts.spend_lines(facts, page),
    }
    if len(by_cause := read("cause_hazard_ratios")):
        found["cause_ratios"] = hazard_ratios.cause_lines(by_cause, level, page)
    if len(tiers := read("lifetime_tiers")):
        table, what = forecasts.tiers_table(tiers, page), page.say("survival.found_lifetime")
        found["lifetime"] = leader_lines(table, what, lambda row: str(row["tier"]), "margin_share", page)
    return found | _cause_captions(read, page)


def _cause_captions(read: Callable[[str], pd.DataFrame], page: PageLike) -> dict[str, list[str]]:
    attributed = len(read("attributed_incidence")) > 0
    incidence = read("attributed_incidence" if attributed else "cause_incidence")
    removal = read("attributed_elimination" if attributed else "cause_elimination")
    found = {}
    if len(incidence):
        groups = competing_risks.strata_rows(incidence, competing_risks.YEAR, MAX_LEFT_TRUNCATION_DAYS)
        found["incidence"] = competing_risks.largest(incidence, attributed, page)
        found["cause_strata"] = competing_risks.differing(groups, page, 4)
    if len(removal):
        found["removal"] = competing_risks.removal(removal, page)
    return found
