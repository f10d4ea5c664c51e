"""Leavers whom it pays to invite back, each with the offer that brings most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.action.inputs import ActionInputs
from whychurn.action.winback.contacts_by_lot import RETURN_DAYS
from whychurn.action.winback.options import Option, reachable
from whychurn.action.winback.return_model import ReturnModel, chance_of
from whychurn.action.winback.second_life import SecondLife
from whychurn.contract.arrays import Array
from whychurn.contract.results import columns_of, stack
from whychurn.survival.lifetime.value_tiers import value_tiers

COLUMNS: Final = columns_of("winback")
TESTED: Final = "tested"
UNTESTED: Final = "untested"


@dataclass(frozen=True)
class Valued:
    """What is known when leavers are ranked.

    Parameters
    ----------
    model, life
        Chances to return; value of a return.
    options
        What can be offered.
    tested
        Actions that leavers got by lot.
    """

    model: ReturnModel
    life: SecondLife
    options: Sequence[Option]
    tested: frozenset[str]


def winback_list(leavers: pd.DataFrame, valued: Valued, inputs: ActionInputs) -> pd.DataFrame:
    """Table winback: each leaver's best option, by gain after cost, none whose gain is not above zero.

    Parameters
    ----------
    leavers
        Rows of `leavers.leavings` of members gone today who may be contacted, with ``days_since``.

    Returns
    -------
    DataFrame
        gain = (p_return_touched - p_return) × second_life_value - cost: what returns by itself is no gain. Returns lie
        in the middle of the 180 days on average, so value counts over what is left of the horizon. Where no money is
        known, those whose chance rises are listed by that rise, and columns of money are null.
    """
    rows = leavers.reset_index(drop=True)
    days = max(inputs.params.action.value_days - RETURN_DAYS // 2, 0)
    value = valued.life.value(rows["daily_margin"].to_numpy("float64"), rows["cause"], days)
    tier = value_tiers(rows["daily_margin"].to_numpy("float64"), inputs.params.survival.value_tiers)
    alone = valued.model.alone(rows)
    rows = rows.assign(second_life_value=value, tier=tier, p_return=chance_of(alone), as_of=inputs.as_of)
    rows = rows.assign(reasons=_reasons(rows))
    options = _usable(valued, inputs)
    highest, choice = np.zeros(len(rows)), np.full(len(rows), -1)
    for place, option in enumerate(options):
        rank = _try(rows, alone, option, valued, inputs)["rank"].to_numpy()
        better = rank > highest
        highest, choice = np.where(better, rank, highest), np.where(better, place, choice)
    parts = []
    for place, option in enumerate(options):
        if len(those := rows[choice == place]):
            parts.append(those.join(_try(those, valued.model.alone(those), option, valued, inputs)))
    if not parts:
        return stack([], COLUMNS)
    table = pd.concat(parts).sort_values(["rank", "member_id"], ascending=[False, True], ignore_index=True)
    return stack([table], COLUMNS)


def _usable(valued: Valued, inputs: ActionInputs) -> list[Option]:
    if inputs.params.action.evidence_needed == "any":
        return list(valued.options)
    return [option for option in valued.options if option.action in valued.tested]


def _try(
    rows: pd.DataFrame, alone: Sequence[Array], option: Option, valued: Valued, inputs: ActionInputs
) -> pd.DataFrame:
    """What one option brings each leaver, given `ReturnModel.alone`; rank is -inf for those who cannot be reached by it."""
    asked = rows.assign(action=option.action, channel=option.channel, offer=option.offer)
    log_ratio, spread = valued.model.effect(asked)
    z = stats.norm.ppf((1 + inputs.params.run.confidence) / 2)
    touched, least = chance_of(alone, log_ratio), chance_of(alone, log_ratio - z * spread)
    value = rows["second_life_value"].to_numpy("float64")
    gain = _gain(touched, rows, value, option.cost)
    rank = np.where(np.isfinite(gain), gain, touched - rows["p_return"].to_numpy("float64"))
    has = reachable(inputs, rows["member_id"], option.channel)
    return pd.DataFrame({
        "action": option.action, "channel": option.channel, "offer": option.offer, "p_return_touched": touched,
        "expected_gain": gain, "low": _gain(least, rows, value, option.cost), "cost": option.cost,
        "evidence": TESTED if option.action in valued.tested else UNTESTED, "rank": np.where(has, rank, -np.inf),
    }, index=rows.index)  # fmt: skip


def _gain(chance: Array, rows: pd.DataFrame, value: Array, cost: float) -> Array:
    return (chance - rows["p_return"].to_numpy("float64")) * value - cost


def _reasons(rows: pd.DataFrame) -> pd.Series:
    """Keys of what speaks for an invitation: cause known, left lately, high margin."""
    keys = {
        "cause_known": rows["cause"].ne("unknown").to_numpy(bool),
        "left_lately": (rows["days_since"] <= 60).to_numpy(bool),
        "high_margin": rows["tier"].eq("high").to_numpy(bool),
    }
    names = [",".join(key for key, held in zip(keys, flags, strict=True) if held) or None
             for flags in zip(*keys.values(), strict=True)]  # fmt: skip
    return pd.Series(pd.array(names, dtype="string"), index=rows.index)
