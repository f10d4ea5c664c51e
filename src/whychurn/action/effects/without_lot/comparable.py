"""Who was contacted in a campaign without lot, and who of the others was there to be contacted on that day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.action.inputs import ActionInputs
from whychurn.action.tests_by_lot.as_drawn.presence import follow_up_days, presence
from whychurn.action.tests_by_lot.known_at_draw import snapshot_features
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CONTROL
from whychurn.panel.duckdb_tables import day_number

MOST_OTHERS: Final = 20_000  # members not contacted, a sample where there are more
SNAPSHOT_DAYS: Final = 45


@dataclass(frozen=True)
class Compared:
    """Members of one campaign and others still there on its day.

    Parameters
    ----------
    campaign_id, action
        Names.
    features
        As of the last snapshot before the day; (n, f), without missing values.
    treated
        Contacted, 1, or not; (n,).
    left
        Left within the follow-up; (n,).
    """

    campaign_id: str
    action: str
    features: Array
    treated: Array
    left: Array


def comparable(inputs: ActionInputs, rows: pd.DataFrame, seed: int) -> list[Compared]:
    """One for each campaign without lot and action, with full follow-up, in order of time.

    Parameters
    ----------
    rows
        As `touch_rows` gives them.
    """
    chosen = rows[~rows["randomized"].astype(bool) & rows["action"].ne(CONTROL) & rows["left"].notna()]
    names, parts = [], []
    for (_, campaign, action), part in chosen.groupby(["wave", "campaign_id", "action"], sort=True):
        others = _others(inputs, part, str(campaign), seed)
        both = pd.concat([part[["member_id", "sent_on", "snapshot_on", "left"]], others], ignore_index=True)
        names.append((str(campaign), str(action)))
        parts.append(both.assign(treated=np.arange(len(both)) < len(part)))
    if not parts:
        return []
    features = snapshot_features(
        inputs, pd.concat(parts, ignore_index=True)
    )  # the panel is read once for all
    stops = np.cumsum([len(both) for both in parts])
    return [
        Compared(
            *name,
            _complete(features.iloc[stop - len(both) : stop].to_numpy("float64")),
            both["treated"].to_numpy("float64"),
            both["left"].to_numpy("float64"),
        )
        for name, both, stop in zip(names, parts, stops, strict=True)
    ]


def _others(inputs: ActionInputs, part: pd.DataFrame, campaign: str, seed: int) -> pd.DataFrame:
    """Members still there on the campaign's middle day whom it did not touch, with what became of them."""
    day = pd.Timestamp(part["sent_on"].sort_values(ignore_index=True).iloc[len(part) // 2])
    panel = inputs.panel
    recent = panel["as_of"].between(day - pd.Timedelta(days=SNAPSHOT_DAYS), day)
    panel = panel.loc[recent, ["member_id", "as_of", "usual_gap_days"]].sort_values(["member_id", "as_of"])
    panel = panel.drop_duplicates("member_id", keep="last")
    touches = inputs.tables["touches"]
    touched = touches.loc[touches["campaign_id"].astype(str) == campaign, "member_id"]
    panel = panel[~panel["member_id"].isin(touched)].reset_index(drop=True)
    if len(panel) > MOST_OTHERS:
        kept = np.sort(np.random.default_rng(seed).permutation(len(panel))[:MOST_OTHERS])
        panel = panel.iloc[kept].reset_index(drop=True)
    days = np.full(len(panel), day_number(day))
    there = presence(inputs, panel["member_id"], days)
    still = (
        there.joined
        & ~there.gone
        & ~there.notice
        & (there.silent <= panel["usual_gap_days"].to_numpy("float64"))
    )
    until = day_number(inputs.observed_until)
    followed = until - days - follow_up_days(inputs)
    left = there.last < days + inputs.params.action.effect_days
    frame: dict[str, Any] = {
        "member_id": panel["member_id"],
        "sent_on": day,
        "snapshot_on": panel["as_of"],
        "left": left.astype("float64"),
    }
    return pd.DataFrame(frame)[still & (followed >= inputs.params.action.effect_days)]


def _complete(values: Array) -> Array:
    """Missing values as the median of their column; columns of one value left out; scaled."""
    kept = []
    for column in values.T:
        known = np.isfinite(column)
        if not known.any():
            continue
        filled = np.where(known, column, np.median(column[known]))
        if np.ptp(filled) > 0:
            kept.append((filled - filled.mean()) / filled.std())
            if 0.02 < 1 - known.mean() < 0.98:
                kept.append((~known - (~known).mean()) / (~known).std())
    return np.stack(kept, axis=1) if kept else np.zeros((len(values), 0))
