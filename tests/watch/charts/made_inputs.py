"""A programme made of monthly rows, whose leavings, causes, silence and contributions are known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params
from whychurn.stats.parallel import BLOCK_MEMBERS, parallel_map

MONTHS, LAG, MEMBERS = 24, 3, 1200
FIRST = pd.Timestamp("2024-01-01")


def made_inputs(
    factor: float = 1.0,
    cause_from: int | None = None,
    silent: float = 1.0,
    shift: float = 0.0,
    change: int = 15,
) -> Any:
    """Inputs of a programme of `MEMBERS` members who leave at 5 % a month, and of whom 6 % are silent.

    From the month of leavings number `change` on leavings are `factor` times as many, and from the snapshot of that
    number on so are silent members, `silent` times, and the input ``visits`` lies `shift` higher. With `cause_from`
    that cause takes half of the leavings.
    """
    rng = np.random.default_rng(5)
    snapshots = pd.date_range(FIRST, periods=MONTHS, freq="MS")
    member = np.tile(np.arange(MEMBERS), MONTHS)
    at = np.repeat(np.arange(MONTHS), MEMBERS)
    risk = rng.normal(-3.0, 0.6, MEMBERS)[member]
    quiet = rng.random(len(at)) < np.where(at >= change, 0.06 * silent, 0.06)
    panel = pd.DataFrame(
        {
            "member_id": pd.array([f"m{one:05d}" for one in member], dtype="string"),
            "spell_no": at + 1,  # a stay a month, so that everybody is there in each
            "as_of": snapshots[at],
            "still_there": ~quiet,
            "days_silent": np.where(quiet, 40, 2),
            "usual_gap_days": 10.0,
            "spend_tier": pd.array(np.where(member % 2 == 0, "gold", "regular"), dtype="string"),
            "churned_in_horizon": pd.array(rng.random(len(at)) < 1 / (1 + np.exp(-risk)), dtype="boolean"),
            "risk": risk,
            "visits": rng.normal(0, 0.2, len(at)) + np.where(at >= change, shift, 0.0),
        }
    )
    panel.loc[panel["as_of"] >= snapshots[-6], "churned_in_horizon"] = pd.NA
    chance = 0.05 * np.where(at >= change, factor, 1.0)
    gone = panel[(rng.random(len(at)) < chance) & (at < MONTHS - LAG)]
    left = gone[["member_id", "spell_no"]].assign(left_on=gone["as_of"] + pd.DateOffset(months=LAG, days=9))
    late = (gone["as_of"] >= snapshots[change]).to_numpy()
    p = rng.dirichlet(np.full(len(CAUSES), 2.0), len(left))
    if cause_from is not None:
        taken = late & (rng.random(len(left)) < 0.5)
        p[taken] = 0.04
        p[taken, cause_from] = 0.8
    causes = left[["member_id", "spell_no"]].assign(status="churned")
    causes[[f"p_{cause}" for cause in CAUSES]] = p

    def probability(rows: pd.DataFrame) -> np.ndarray:
        return 1 / (1 + np.exp(-rows["risk"].to_numpy("float64")))

    def score(rows: pd.DataFrame) -> pd.DataFrame:
        named = {"p_churn": probability(rows), "c_risk": rows["risk"] + 3.0, "c_visits": rows["visits"]}
        return pd.DataFrame({name: np.asarray(values) for name, values in named.items()}, index=rows.index)

    return SimpleNamespace(
        panel=panel.sort_values(["member_id", "as_of"], ignore_index=True),
        churners=left.assign(is_main=True),
        member_causes=causes,
        lifetime_value=pd.DataFrame({"expected_margin": [80.0, 120.0]}),
        panel_facts={"label_known_days": 180, "horizon_days": 90},
        observed_until=snapshots[-1] - pd.Timedelta(days=1),
        score=score,
        probability=probability,
        params=Params(),
        spread=parallel_map,
        block_members=BLOCK_MEMBERS,
    )
