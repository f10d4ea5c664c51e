"""Tables warnings and warning_quality."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.action.inputs import ActionInputs, Section
from whychurn.action.panel_features import panel_rows
from whychurn.action.warnings.alerts import highest
from whychurn.action.warnings.lists import warning_list
from whychurn.action.warnings.out_of_time import chances_in_time
from whychurn.action.warnings.past_months import leavers_in, past_rows
from whychurn.action.warnings.quality import (
    ANY_TRIGGER,
    MODEL,
    SILENCE,
    Source,
    quality_table,
    repeated_share,
    verdict,
)
from whychurn.action.warnings.triggers import FEATURES, Fired, fire_triggers
from whychurn.contract.arrays import Array

TRUSTED: Final = ("better", "unknown")  # rules that past months speak against fire no warning of their own


def warnings_section(inputs: ActionInputs, plan: Section) -> Section:
    """Judge the risk model, each trigger and the longest silence on past snapshots, and list today's warnings.

    Parameters
    ----------
    plan
        Its table plan gives actions, its ``extra["state"]`` likely causes.

    Returns
    -------
    Section
        Facts: ``counts`` of the list, ``blind`` triggers with what they lack, ``verdicts`` by source, ``months`` judged,
        ``base_rate`` of right alerts, ``gone_share`` of the leavers who had gone before anybody could have alerted,
        ``repeated`` share of the model's alerts that are not the member's first, ``fired_when_gone`` by trigger.
    """
    rows, wanted = past_rows(inputs), inputs.params.action.warnings
    fired = fire_triggers(rows, inputs.tables, list(wanted.triggers))
    chances = chances_in_time(rows, inputs, inputs.as_of)
    if chances.notna().any():
        rows["judged"] &= chances.notna()
    sources = _sources(rows, fired, _with_today(rows, chances, inputs), wanted.capacity_a_week)
    quality = quality_table(rows, sources, leavers_in(rows, inputs), inputs.params)
    verdicts = {str(line["source"]): verdict(line) for _, line in quality.iterrows()}
    alerts = _alerted(sources, verdicts, list(wanted.triggers))
    table, counts = warning_list(inputs, rows, alerts, fired.fires, plan)
    facts = {
        "counts": counts,
        "blind": fired.blind,
        "verdicts": verdicts,
        **_past_facts(rows, sources, inputs),
    }
    facts["fired_when_gone"] = _fired_when_gone(inputs, list(wanted.triggers))
    return Section({"warnings": table, "warning_quality": quality}, facts)


def _with_today(rows: pd.DataFrame, chances: pd.Series, inputs: ActionInputs) -> pd.Series:
    """`chances`, on the decision day those of the risk model itself."""
    scored = inputs.risk_scores.set_index("member_id")["p_churn"].astype("float64")
    return chances.mask(rows["as_of"] == inputs.as_of, rows["member_id"].map(scored).astype("float64"))


def _sources(rows: pd.DataFrame, fired: Fired, chances: pd.Series, capacity: float) -> dict[str, Source]:
    everybody = np.ones(len(rows), bool)
    silence = rows["days_silent"].to_numpy("float64")
    number = fired.fires.sum(axis=1).to_numpy("float64")
    by_rules = np.where(number > 0, number + silence / (1 + silence.max(initial=0)), np.nan)
    sources = {
        SILENCE: Source(highest(rows, silence, capacity), everybody),
        ANY_TRIGGER: Source(highest(rows, by_rules, capacity), fired.sees.any(axis=1).to_numpy(bool)),
    }
    if chances.notna().any():
        model = Source(highest(rows, chances.to_numpy(), capacity), chances.notna().to_numpy(bool))
        sources = {MODEL: model, **sources}
    for name in map(str, fired.fires):
        sources[name] = Source(fired.fires[name].to_numpy(bool), fired.sees[name].to_numpy(bool))
    return sources


def _alerted(sources: dict[str, Source], verdicts: dict[str, str], triggers: list[str]) -> Array:
    """Rows that the model alerts, or a rule that nothing speaks against."""
    listing = [name for name in triggers if verdicts.get(name, "unknown") in TRUSTED]
    flags = [sources[name].fires for name in [MODEL, *listing] if name in sources]
    return np.logical_or.reduce(flags) if flags else np.zeros(len(sources[SILENCE].fires), bool)


def _past_facts(rows: pd.DataFrame, sources: dict[str, Source], inputs: ActionInputs) -> dict[str, Any]:
    past = rows[rows["judged"].to_numpy(bool)]
    left = past["left"].sum()
    quiet = inputs.params.action.warnings.quiet_days
    repeated = np.nan
    if MODEL in sources and len(past):
        fires = sources[MODEL].fires[rows["judged"].to_numpy(bool)]
        repeated = repeated_share(past.reset_index(drop=True), fires, quiet)
    return {
        "months": [f"{day:%Y-%m-%d}" for day in sorted(past["as_of"].unique())],
        "base_rate": _finite(past["right"].mean()),
        "gone_share": _finite(1 - past["right"].sum() / left) if left else None,
        "repeated": _finite(repeated),
    }


def _fired_when_gone(inputs: ActionInputs, triggers: list[str]) -> dict[str, float | None]:
    """Of a rule's firings on all members not yet known gone, the share on those no longer there."""
    gone = ~inputs.panel["still_there"].astype("boolean").fillna(True).to_numpy(bool)
    every = panel_rows(inputs, np.arange(len(gone)), ["member_id", "as_of", *FEATURES])
    fired = fire_triggers(every, inputs.tables, triggers).fires
    shares: dict[str, float | None] = {}
    for name in triggers:
        fires = fired[name].to_numpy(bool)
        shares[name] = _finite(gone[fires].mean()) if fires.any() else None
    return shares


def _finite(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None
