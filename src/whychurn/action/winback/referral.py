"""What a member who came by referral is worth, beside what the invitation and a bought member cost."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.action.inputs import ActionInputs
from whychurn.action.playbook.read import load_playbook
from whychurn.action.tests_by_lot.day_sums import DaySums, day_numbers

YEAR: Final = 365
INVITATION: Final = "friend_invite"


def referral_facts(inputs: ActionInputs, action_tests: pd.DataFrame) -> dict[str, Any]:
    """Members with ``referred_by``, and the mean margin of their first year less the bonus.

    Parameters
    ----------
    action_tests
        Table action_tests: its rows with outcome ``referred`` say how many members a contact brings, if tested.

    Returns
    -------
    dict
        status (ok; no_column; too_few: fewer than ``privacy.min_cell`` with a full year), referred, followed (with a
        full year), first_year_margin with low and high, bonus, value (margin less bonus: counted once, for the
        referrer's action, and in no other gain), acquisition_cost (a comparison only, null if not given), brought
        (action, per 1,000 contacts with interval, value per contact).
    """
    members = inputs.tables["members"]
    if "referred_by" not in members or not members["referred_by"].notna().any():
        return {"status": "no_column"}
    brought = members[members["referred_by"].notna().to_numpy(bool)]
    year_over = brought["joined_on"] + pd.Timedelta(days=YEAR) <= inputs.observed_until + pd.Timedelta(days=1)
    followed = brought[year_over.to_numpy(bool)]
    least = inputs.params.privacy.min_cell
    facts: dict[str, Any] = {
        "referred": _shown(len(brought), least),
        "followed": _shown(len(followed), least),
        "acquisition_cost": inputs.params.action.acquisition_cost,
    }
    if len(followed) < least:
        return {"status": "too_few", **facts}
    margin = first_year_margin(inputs, followed)
    bonus = _bonus(inputs)
    mean, reach = float(margin.mean()), _reach(margin, inputs.params.run.confidence)
    money = {"first_year_margin": mean, "low": mean - reach, "high": mean + reach, "bonus": bonus,
             "value": mean - bonus}  # fmt: skip
    facts |= {name: round(number, 6) for name, number in money.items()}
    return {"status": "ok", **facts, "brought": _brought(action_tests, mean - bonus)}


def _shown(number: int, least: int) -> int | None:
    return number if number >= least or not number else None


def first_year_margin(inputs: ActionInputs, members: pd.DataFrame) -> np.ndarray:
    """Margin (currency) of each member's first 365 days: orders not sent back and fees of terms begun; (n,)."""
    orders, terms = inputs.tables["orders"], inputs.tables["memberships"]
    ids = pd.Index(members["member_id"].astype(object))
    first = day_numbers(members["joined_on"])
    kept = ~orders["returned"].astype("boolean").fillna(False).to_numpy(bool)
    amount = np.where(kept, orders["amount"].astype("float64").fillna(0), 0.0)
    spent = DaySums.of(ids, orders["member_id"], day_numbers(orders["ordered_at"]), amount)
    price = terms["price_paid"].astype("float64").fillna(terms["list_price"].astype("float64")).fillna(0)
    paid = DaySums.of(ids, terms["member_id"], day_numbers(terms["starts_on"]), price.to_numpy("float64"))
    code = np.arange(len(ids))
    total = sum(money.within(code, first, first + YEAR) for money in (spent, paid))
    return np.asarray(inputs.params.business.margin_rate * total)


def _reach(margin: np.ndarray, confidence: float) -> float:
    if len(margin) < 2:
        return float("nan")
    return float(margin.std(ddof=1) / np.sqrt(len(margin)) * stats.norm.ppf((1 + confidence) / 2))


def _bonus(inputs: ActionInputs) -> float:
    """Cost of the offer that members who bring others get, by the playbook."""
    costs = {entry.action: entry.cost for entry in load_playbook(inputs.params)}
    return float(costs.get(INVITATION, 0.0))


def _brought(action_tests: pd.DataFrame, value: float) -> list[dict[str, Any]]:
    rows = action_tests[(action_tests["outcome"] == "referred").to_numpy(bool)]
    rows = rows[(rows["stratum"] == "all").to_numpy(bool) & rows["effect"].notna().to_numpy(bool)]
    pooled = (rows["campaign_id"] == "all").to_numpy(bool)
    rows = rows[pooled] if pooled.any() else rows  # each action once
    return [
        {
            "action": str(row["action"]), "campaign_id": str(row["campaign_id"]),
            "per_1000": round(1000 * row["effect"], 6), "low": round(1000 * row["low"], 6),
            "high": round(1000 * row["high"], 6), "value_a_contact": round(row["effect"] * value, 6),
        }
        for _, row in rows.iterrows()
    ]  # fmt: skip
