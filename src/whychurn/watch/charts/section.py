"""The charts of a study: counted by blocks of members, judged by their reference months, alarms told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial, reduce
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.action.inputs import Section
from whychurn.contract.causes import CAUSES
from whychurn.watch.charts.alarms import ALARM_COLUMNS, chart_alarms, still_open
from whychurn.watch.charts.calendar import Calendar, study_calendar
from whychurn.watch.charts.closed_windows import forecast_table
from whychurn.watch.charts.counts import (
    Block,
    Counts,
    add_counts,
    count_block,
    group_names,
    sampled_rows,
    sampled_share,
)
from whychurn.watch.charts.figures import (
    Chart,
    expected_leavings,
    inputs_chart,
    leavings_chart,
    mix_chart,
    silence_chart,
)
from whychurn.watch.charts.judged import Judged, chart_rows, find_states, judged_chart
from whychurn.watch.inputs import WatchInputs
from whychurn.watch.leavings import with_causes
from whychurn.watch.limits.member_draws import member_uniforms
from whychurn.watch.limits.standard import SEEN_WITHIN

LEAST_EXPECTED: Final = 20  # leavings a month of a tier or plan that has its own chart
LEAST_PEOPLE: Final = 10  # leavings or silent members of a month that is judged
MOST_GROUPS: Final = 4  # charts of tiers and plans: with leavings, mix, silent and inputs at most eight alarm
ACTIVITY: Final = ("members", "orders", "events", "memberships")  # their faults look like silence for months
LOST: Final = ("nothing", "rows_missing", "days_missing")  # faults that leave acts out


def charts_section(inputs: WatchInputs, received: pd.DataFrame | None = None, blocks: int = 1) -> Section:
    """Tables watch_charts, watch_alarms, watch_forecast and watch_inputs, and facts.

    Parameters
    ----------
    received
        `watch_received`: its broken months silence the charts.
    blocks
        Parts into which members are split to be counted; the answer does not depend on it.
    """
    if inputs.panel.empty:
        return Section({}, {"why": "too_short"})
    facts = inputs.panel_facts
    waiting = int(facts["label_known_days"]) - int(facts["horizon_days"])
    since = inputs.params.watch.reference_from
    calendar = study_calendar(inputs.panel, waiting, inputs.observed_until, since)
    if not calendar.over.any():
        return Section({}, {"why": "too_short"})
    groups, features = group_names(inputs.panel), _features(inputs)
    seed = inputs.params.run.seed
    counted = (
        count_block(block, calendar, groups, features, seed) for block in _split(inputs, features, blocks)
    )
    counts = reduce(add_counts, counted)
    judged = _judged(counts, calendar, groups, features, _silenced(received, calendar.lag), seed)
    return _told(judged, counts, calendar, inputs)


def _features(inputs: WatchInputs) -> list[str]:
    """Features that the model reads."""
    if inputs.score is None:
        return []
    return [str(name)[2:] for name in inputs.score(inputs.panel.head(1)) if str(name).startswith("c_")]


def _split(inputs: WatchInputs, features: Sequence[str], blocks: int) -> Iterator[Block]:
    """Blocks of whole members, by a hash of each."""
    leavings = _leavings(inputs)
    share = sampled_share(inputs.panel)
    for place in range(blocks):
        panel, left = (_part(frame, place, blocks) for frame in (inputs.panel, leavings))
        p = np.full(len(panel), np.nan)
        contributions = pd.DataFrame(columns=["as_of", *features])
        if inputs.probability is not None and inputs.score is not None and len(panel):
            p = np.asarray(inputs.probability(panel), "float64")
            rows = sampled_rows(panel, share, inputs.params.run.seed)
            scored = inputs.score(rows)[[f"c_{name}" for name in features]].set_axis(list(features), axis=1)
            contributions = scored.assign(as_of=rows["as_of"].to_numpy())
        yield Block(panel, p, left, contributions)


def _part(frame: pd.DataFrame, place: int, blocks: int) -> pd.DataFrame:
    if blocks == 1 or frame.empty:
        return frame if place == 0 else frame.head(0)
    block = member_uniforms(frame["member_id"].to_numpy(), np.ones(1), 0)[:, 0] * blocks
    return frame[block.astype(int) == place]


def _leavings(inputs: WatchInputs) -> pd.DataFrame:
    """Leavings by the study's definition, with the chances of their causes."""
    churners = inputs.churners[inputs.churners["is_main"]][["member_id", "spell_no", "left_on"]]
    return with_causes(churners, inputs.member_causes)


def _silenced(received: pd.DataFrame | None, lag: int) -> dict[pd.Timestamp, str]:
    """Months that a broken export explains: its own, and where acts are missing those in which silence runs out."""
    if received is None or received.empty:
        return {}
    found: dict[pd.Timestamp, str] = {}
    broken = received[received["state"] == "broken"]
    for table, month, why in broken[["table", "month", "why"]].itertuples(index=False, name=None):
        acts_lost = table in ACTIVITY and why in LOST
        for later in range(lag + 1 if acts_lost else 1):
            found.setdefault(pd.Timestamp(month) + pd.DateOffset(months=later), str(table))
    return found


def _judged(
    counts: Counts,
    calendar: Calendar,
    groups: Sequence[str],
    features: Sequence[str],
    silenced: Mapping[pd.Timestamp, str],
    seed: int,
) -> list[Judged]:
    """All charts, each judged; tiers and plans follow the reference months of all leavings."""
    states_of = partial(find_states, silenced=silenced, since=calendar.since)
    first = expected_leavings(counts, calendar.over)
    enough = first[0, :, 0] >= LEAST_PEOPLE
    states = states_of(calendar.months, calendar.over, enough)
    reference = states == "reference" if (states == "reference").any() else calendar.over
    expected = expected_leavings(counts, reference)
    usual = expected[0, reference].mean(axis=0)
    own = [place for place in np.argsort(-usual[1:], kind="stable") + 1 if usual[place] >= LEAST_EXPECTED]
    charts: list[Chart] = [leavings_chart(counts, expected, at, groups[at]) for at in [0, *own[:MOST_GROUPS]]]
    done = [judged_chart(chart, calendar.months, states, seed) for chart in charts]
    told = counts["told"][0] >= LEAST_PEOPLE
    mix_states = states_of(calendar.months, calendar.over, told)
    done.append(judged_chart(mix_chart(counts, tuple(CAUSES)), calendar.months, mix_states, seed))
    closed = np.asarray(calendar.told_on <= calendar.whole)
    many = counts["silent"][0] >= LEAST_PEOPLE
    silent_states = states_of(calendar.told_on, closed, many)
    done.append(judged_chart(silence_chart(counts), calendar.told_on, silent_states, seed))
    if features:
        some = counts["effects"][:, 0].sum(axis=1) >= LEAST_PEOPLE
        input_states = states_of(calendar.told_on, closed, some)
        chart = inputs_chart(counts, tuple(features), input_states == "reference")
        done.append(judged_chart(chart, calendar.told_on, input_states, seed))
    return done


def _told(judged: list[Judged], counts: Counts, calendar: Calendar, inputs: WatchInputs) -> Section:
    run, min_cell = inputs.params.run, inputs.params.privacy.min_cell
    margins = inputs.lifetime_value.get("expected_margin", pd.Series(dtype="float64"))
    value = float(margins.mean()) if len(margins) else float("nan")
    rows = [chart_rows(one, min_cell) for one in judged]
    alarms = [row for one in judged for row in chart_alarms(one, value, run.confidence, min_cell)]
    alarm_table = pd.DataFrame(alarms, columns=list(ALARM_COLUMNS))
    charts = pd.concat([frame for frame in rows if frame["chart"].iloc[0] != "inputs"], ignore_index=True)
    effects = [frame for frame in rows if frame["chart"].iloc[0] == "inputs"]
    tables = {"watch_charts": charts, "watch_alarms": alarm_table.sort_values(["month", "chart", "group"])}
    tables["watch_forecast"] = forecast_table(counts, calendar.snapshots, run.confidence, min_cell)
    if effects:
        inputs_rows = effects[0].rename(columns={"group": "feature", "observed": "effect"})
        tables["watch_inputs"] = inputs_rows.assign(limit=inputs_rows["high"])
    told = [_chart_facts(one) for one in judged]
    whole = {"why": told[0]["why"], "smallest_change": told[0].get("smallest_seen")}
    return Section(tables, {**whole, "charts": told, **_open(alarm_table)})


def _chart_facts(judged: Judged) -> dict[str, Any]:
    """Reference, limit and smallest change that would have been seen, of one chart."""
    states, months, limit = judged.states, judged.months, judged.limit
    reference = months[states == "reference"]
    ratio = judged.chart.name in ("leavings", "silent")
    facts: dict[str, Any] = {
        "chart": judged.chart.name,
        "group": judged.chart.groups[0] if len(judged.chart.groups) == 1 else None,
        "reference_from": f"{reference[0]:%Y-%m}" if len(reference) else None,
        "reference_until": f"{reference[-1]:%Y-%m}" if len(reference) else None,
        "reference_months": len(reference),
        "months_judged": int((states == "judged").sum()),
        "why": None if limit else "too_short",
    }
    if limit:
        smallest = float(np.exp(limit.smallest) - 1) if ratio else limit.smallest
        facts |= {"limit": limit.height, "smallest_seen": smallest, "within_months": SEEN_WITHIN}
    return facts


def _open(alarms: pd.DataFrame) -> dict[str, Any]:
    still = [
        {"chart": row.chart, "group": row.group, "since": f"{row.since:%Y-%m-%d}"}
        for row in still_open(alarms).itertuples()
    ]
    return {"open_alarms": still, "alarms": len(alarms)}
