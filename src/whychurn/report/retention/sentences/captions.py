"""What the figures of the retention report show: rates by month, cohorts, stages and steps."""

from __future__ import annotations

from typing import Final

import pandas as pd

from whychurn.report.page.findings import ends_lines, leader_lines
from whychurn.report.page.page_like import PageLike

AGE: Final = 6  # months after joining at which cohorts are compared


def month_ends(rates: pd.DataFrame, page: PageLike) -> list[str]:
    """Highest and lowest churn of the months that are wholly observed."""
    rows = rates[rates["measure"].eq("churn") & rates["basis"].eq("members") & ~rates["partial"].astype(bool)]
    what = page.say("retention.found_rates")
    return ends_lines(rows, what, lambda row: page.format(row["period"], "month"), page)


def cohort_ends(cohorts: pd.DataFrame, page: PageLike) -> list[str]:
    """The months of joining of which most and fewest are still there after `AGE` months."""
    what = page.say("retention.found_cohorts", months=AGE)
    return ends_lines(_grown(cohorts), what, lambda row: page.format(row["cohort"], "month"), page)


def cohort_revenue(cohorts: pd.DataFrame, page: PageLike) -> list[str]:
    """What months of joining pay after `AGE` months, of what they paid in the first."""
    known = _grown(cohorts)["revenue_rate"].dropna()
    if len(known) < 2:
        return []
    ends = {name: page.format(known.agg(end), "percent") for name, end in (("low", "min"), ("high", "max"))}
    return [page.say("retention.found_cohorts_revenue", months=AGE, **ends)]


def stage_leaders(sizes: pd.DataFrame, page: PageLike) -> list[str]:
    """The stages that hold most members on the last day."""
    last = sizes[sizes["on"].eq(sizes["on"].max())]
    what = page.say("retention.found_stages", date=page.format(sizes["on"].max(), "date"))
    return leader_lines(last, what, lambda row: _stage(row["stage"], page), "share", page)


def move_ends(moves: pd.DataFrame, page: PageLike) -> list[str]:
    """The stages from which most and fewest lapse within a month."""
    rows = moves[moves["to_stage"].eq("lapsed") & moves["from_stage"].ne("lapsed")]
    what = page.say("retention.found_moves")
    return ends_lines(rows, what, lambda row: f"“{_stage(row['from_stage'], page)}”", page)


def step_leaders(steps: pd.DataFrame, page: PageLike) -> list[str]:
    """The stages from which most money is lost; nothing where no revenue is known."""
    what = page.say("retention.found_steps")
    return leader_lines(steps, what, lambda row: _stage(row["stage"], page), "revenue_lost", page, "money")


def _grown(cohorts: pd.DataFrame) -> pd.DataFrame:
    return cohorts[cohorts["age_months"].eq(AGE) & ~cohorts["partial"].astype(bool)]


def _stage(stage: str, page: PageLike) -> str:
    return page.say(f"retention.stage_{stage}")
