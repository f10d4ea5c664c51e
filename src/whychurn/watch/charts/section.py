"""The charts of a study: counted by blocks of members, judged by their reference months, alarms told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.action.inputs import Section
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.stats.sources import (
    MemberBlock,
    Source,
    block_places,
    member_blocks,
    names_in,
    rows_in,
    run_of_rows,
    whole_table,
)
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
from whychurn.watch.limits.standard import SEEN_WITHIN

STRATA: Final = ("as_of", "spend_tier", "plan")  # of all snapshots
LEAST_EXPECTED: Final = 20  # leavings a month of a tier or plan that has its own chart
LEAST_PEOPLE: Final = 10  # leavings or silent members of a month that is judged
MOST_GROUPS: Final = 4  # charts of tiers and plans: with leavings, mix, silent and inputs at most eight alarm
ACTIVITY: Final = ("members", "orders", "events", "memberships")  # their faults look like silence for months
LOST: Final = ("nothing", "rows_missing", "days_missing")  # faults that leave acts out


@dataclass(frozen=True)
class Wanted:
    """What is counted of each block.

    Parameters
    ----------
    calendar, groups, features
        As `count_block` takes them.
    share
        Of the members whose contributions are looked at.
    seed
        Of the draws.
    score, probability
        As in the inputs.
    """

    calendar: Calendar
    groups: Sequence[str]
    features: Sequence[str]
    share: float
    seed: int
    score: Callable[[pd.DataFrame], pd.DataFrame] | None
    probability: Callable[[pd.DataFrame], Array] | None


def charts_section(inputs: WatchInputs, received: pd.DataFrame | None = None) -> Section:
    """Tables watch_charts, watch_alarms, watch_forecast and watch_inputs, and facts.

    Parameters
    ----------
    received
        `watch_received`: its broken months silence the charts.
    """
    if not rows_in(inputs.panel):
        return Section({}, {"why": "too_short"})
    panel = whole_table(inputs.panel, [name for name in STRATA if name in names_in(inputs.panel)])
    facts = inputs.panel_facts
    waiting = int(facts["label_known_days"]) - int(facts["horizon_days"])
    since = inputs.params.watch.reference_from
    calendar = study_calendar(panel, waiting, inputs.observed_until, since)
    if not calendar.over.any():
        return Section({}, {"why": "too_short"})
    groups, features, seed = group_names(panel), _features(inputs), inputs.params.run.seed
    share = sampled_share(panel)
    del panel
    wanted = Wanted(calendar, groups, features, share, seed, inputs.score, inputs.probability)
    counted = inputs.spread(count_members, _jobs(inputs, wanted), inputs.params.run.workers)
    counts = reduce(add_counts, counted)
    judged = _judged(counts, calendar, groups, features, _silenced(received, calendar.lag), seed)
    return _told(judged, counts, calendar, inputs)


def _features(inputs: WatchInputs) -> list[str]:
    """Features that the model reads."""
    if inputs.score is None:
        return []
    first = inputs.score(run_of_rows(inputs.panel, 0, 1))
    return [str(name)[2:] for name in first if str(name).startswith("c_")]


def _jobs(inputs: WatchInputs, wanted: Wanted) -> Iterator[tuple[Any, ...]]:
    """A job a block of members: those of the panel, and leavers of whom it has no row."""
    blocks, leavings = member_blocks(inputs.panel, inputs.block_members), _leavings(inputs)
    places = block_places(blocks, leavings["member_id"])
    for number, block in enumerate(blocks):
        yield inputs.panel, block, leavings[places == number], wanted


def count_members(source: Source, block: MemberBlock, leavings: pd.DataFrame, wanted: Wanted) -> Counts:
    """Counts of the members of a block of the panel `source`, and of their `leavings`."""
    panel = run_of_rows(source, block.start, block.stop)
    p, contributions = np.full(len(panel), np.nan), pd.DataFrame(columns=["as_of", *wanted.features])
    if wanted.probability is not None and wanted.score is not None:
        p = np.asarray(wanted.probability(panel), "float64")
        rows = sampled_rows(panel, wanted.share, wanted.seed)
        scored = wanted.score(rows)[[f"c_{name}" for name in wanted.features]]
        contributions = scored.set_axis(list(wanted.features), axis=1).assign(as_of=rows["as_of"].to_numpy())
    found = Block(panel, p, leavings, contributions)
    return count_block(found, wanted.calendar, wanted.groups, wanted.features, wanted.seed)


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
