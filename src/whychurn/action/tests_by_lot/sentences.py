"""What a test by lot says, as the key of a sentence and its values; words in ``labels/action.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.action.pooled_tests import MAIN
from whychurn.action.tests_by_lot.differences import Difference
from whychurn.action.tests_by_lot.readout import HARM_LEVEL, WORSE
from whychurn.contract.errors import WhychurnError
from whychurn.labels import both

SHARES: Final = (
    "left",
    "repurchased",
    "renewed",
    "opted_out",
    "returned",
)  # outcomes read in percentage points
Said = tuple[str, dict[str, Any]]
_NO_EFFECT: Final = ("no_control", "only_control", "mismatch", "waiting")


def verdict(row: Mapping[str, Any], false_discovery: float, pays_from: float | None = None) -> Said:
    """Sentence about one row of ``action_tests``: its key and values.

    Parameters
    ----------
    row
        Of ``action_tests``, with ``weeks_left`` where the follow-up has not ended.
    false_discovery
        Level of the q-value from which an effect is shown.
    pays_from
        Smallest change that pays for itself, as a share of members; only below it a test says "not worth its cost".
    """
    note = row.get("note")
    if note in _NO_EFFECT:
        return str(note), {"srm_p": _small(row.get("srm_p")), "weeks": row.get("weeks_left", "?")}
    if not np.isfinite(_number(row["effect"])):
        return "suppressed", {"n": row.get("min_cell", "")}
    values = _values(row)
    if note == "harm":
        return ("harm" if _number(row.get("q_value")) <= false_discovery else "harm_likely"), values
    if _number(row.get("q_value")) <= false_discovery:
        return "shown", values
    best = -float(row["low"]) if row["outcome"] in WORSE else float(row["high"])
    if pays_from is not None and best < pays_from:
        return "not_worth", values | {"best": _signless(best, row), "pays": _signless(pays_from, row)}
    return "not_shown", values


def sentence(said: Said) -> dict[str, str]:
    """The sentence by language."""
    key, values = said
    return both(f"action.{key}", **values)


def read_counts(treated: int, left_treated: int, control: int, left_control: int) -> dict[str, Any]:
    """Row of a test of which only four counts are known, as ``action_tests`` has it.

    Raises
    ------
    WhychurnError
        If a count is negative, an arm is empty, or more left than were there.
    """
    for n, left, arm in ((treated, left_treated, "contacted"), (control, left_control, "held out")):
        if n < 1 or not 0 <= left <= n:
            raise WhychurnError(
                f"{left} of {n} members {arm} cannot have left",
                remedy="give members contacted, leavers of them, members held out, leavers of them",
            )
    return _from_rates(treated, left_treated / treated, control, left_control / control)


def read_rates(members: int, share: float, rate_treated: float, rate_control: float) -> dict[str, Any]:
    """The same from members in all, the share that was contacted, and the share that left in each arm.

    Raises
    ------
    WhychurnError
        If a share is outside of 0 to 1, or an arm is empty.
    """
    treated = round(members * share)
    if not (0 < treated < members and 0 <= rate_treated <= 1 and 0 <= rate_control <= 1):
        raise WhychurnError(
            "shares must lie between 0 and 1, and nobody may be missing from an arm",
            remedy="give members, share contacted, share that left of them, share that left of those held out: "
            "11896 0.7574 0.0336 0.0364",
        )
    return _from_rates(treated, rate_treated, members - treated, rate_control)


def _from_rates(treated: int, one: float, control: int, other: float) -> dict[str, Any]:
    sd = float(np.sqrt(one * (1 - one) / treated + other * (1 - other) / control))
    found = Difference(one, other, one - other, sd)
    low, high = found.interval()
    harm = found.interval(HARM_LEVEL)[0] > 0
    return {"outcome": MAIN, "treated": treated, "control": control, "rate_treated": one, "rate_control": other,
            "effect": one - other, "low": low, "high": high, "q_value": found.p_value,
            "note": "harm" if harm else None}  # fmt: skip


def _values(row: Mapping[str, Any]) -> dict[str, Any]:
    sd = (float(row["high"]) - float(row["low"])) / (2 * 1.959964)
    smallest = Difference(0.0, 0.0, 0.0, sd).smallest_seen
    numbers = {name: _signed(float(row[name]), row) for name in ("effect", "low", "high")}
    unit = both("action.unit_share") if row["outcome"] in SHARES else {"en": "", "zh": ""}
    counts = {name: f"{int(row[name]):,}" for name in ("treated", "control")}
    return {**numbers, **counts, "smallest": _signless(smallest, row), "unit": unit,
            "outcome": both(f"action.outcome_{row['outcome']}")}  # fmt: skip


def _signed(value: float, row: Mapping[str, Any]) -> str:
    if row["outcome"] in SHARES:
        shown = f"{100 * value:+.1f}"
    else:
        shown = f"{value:+.2f}" if abs(value) >= 0.1 else f"{value:+.4f}"
    return shown.replace("-", "−")


def _signless(value: float, row: Mapping[str, Any]) -> str:
    return _signed(value, row).removeprefix("+")


def _small(p: Any) -> str:
    return f"{_number(p):.1g}"


def _number(value: Any) -> float:
    return float("nan") if value is None or pd.isna(value) else float(value)
