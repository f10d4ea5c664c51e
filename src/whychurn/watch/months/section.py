"""What changed since the month before, and whether it is real."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.action.inputs import Section
from whychurn.contract.results import columns_of, typed
from whychurn.stats.multiple_testing import benjamini_hochberg
from whychurn.stats.sources import rows_in
from whychurn.watch.inputs import MonthRecord, WatchInputs
from whychurn.watch.month_record import Amounts, amounts, headline, last_whole_month, record_month
from whychurn.watch.months.differences import chance_of_none, of_members, standard_errors
from whychurn.watch.months.restated import restated


def months_section(inputs: WatchInputs) -> Section:
    """Table watch_months: the last whole month beside the latest month kept before it, and the record of the month."""
    month = last_whole_month(inputs.observed_until)
    empty = not rows_in(inputs.panel)
    if empty or month < pd.Timestamp(str(inputs.intake_facts["observed_from"])):
        return Section({}, {"why_not": "no_snapshots" if empty else "no_month_over"})
    now = record_month(inputs, month)
    earlier = [record for record in inputs.records if record.month < month]
    facts: dict[str, Any] = {
        "now": f"{month:%Y-%m-%d}",
        "then": f"{earlier[-1].month:%Y-%m-%d}" if earlier else None,
    }
    rows = compare(earlier[-1], now, inputs) if earlier else _first(now, inputs)
    table = typed(pd.DataFrame(rows).reindex(columns=columns_of("watch_months")))
    facts |= {"words": {str(word): int(count) for word, count in table["word"].value_counts().items()}}
    return Section({"watch_months": table}, facts, {"record": now})


def compare(earlier: MonthRecord, now: MonthRecord, inputs: WatchInputs) -> list[dict[str, Any]]:
    """A row each headline that both months have; its parts add up to the difference."""
    confidence, seed = inputs.params.run.confidence, inputs.params.run.seed
    steps = [(members, amounts(members, told)) for members, told in restated(earlier, inputs)]
    told, today = amounts(earlier.members, earlier.told), amounts(now.members, now.told)
    shown = _shown(today, inputs)
    names = [name for name in shown if name in told and all(name in step for _, step in steps)]
    if not names:
        return []
    last, same = steps[-1]
    ids = tuple(members["member_id"].astype(str).to_numpy() for members in (last, now.members))
    errors = standard_errors((ids[0], [same[n] for n in names]), (ids[1], [today[n] for n in names]), seed)
    news = np.array([float(headline(today[name])) - float(headline(same[name])) for name in names])
    p = chance_of_none(news, errors)
    real = np.nan_to_num(benjamini_hochberg(p), nan=1.0) < 1 - confidence
    width = stats.norm.ppf((1 + confidence) / 2) * errors
    strata = last["tenure"].to_numpy(), now.members["tenure"].to_numpy()
    rows = []
    for place, name in enumerate(names):
        first = earlier.told["headlines"].get(name, float(headline(told[name])))
        values = [first, *(float(headline(one[name])) for one in (*(step for _, step in steps), today))]
        difference = values[-1] - values[0]
        parts = dict(zip(("late_data", "new_definition", "new_model"), np.diff(values[:4]), strict=True))
        parts["new_members"] = of_members((same[name], strata[0]), (today[name], strata[1]))
        off_zero = abs(difference) > width[place]
        word = (
            "real"
            if real[place]
            else "made_by_us"
            if off_zero and abs(news[place]) <= width[place]
            else "not_told"
        )
        rows.append({
            "headline": name, "then": values[0], "now": values[-1], "difference": difference,
            "low": difference - width[place], "high": difference + width[place], "p": p[place], "word": word,
            **parts, "remains": difference - sum(parts.values()),
        })  # fmt: skip
    return rows


def _first(now: MonthRecord, inputs: WatchInputs) -> list[dict[str, Any]]:
    today = amounts(now.members, now.told)
    return [
        {"headline": name, "now": float(headline(today[name])), "word": "no_earlier"}
        for name in _shown(today, inputs)
    ]


def _shown(today: Mapping[str, Amounts], inputs: WatchInputs) -> list[str]:
    """Headlines of enough members: none of fewer leavings than `privacy.min_cell`."""
    found = []
    for name, (above, below) in today.items():
        of_causes = name.startswith("cause:") or name == "avoidable_share"
        behind = below.sum() if of_causes and below is not None else np.count_nonzero(above)
        if behind >= inputs.params.privacy.min_cell:
            found.append(name)
    return found
