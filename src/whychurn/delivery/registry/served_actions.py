"""The best contact for a member known by features alone, or why none is to be sent.

The formula is that of the plan (`action.plan.gains`, `action.plan.kept_days`), before caps and budget: the share of the hazard
that an action removes is its efficacy on each cause times the mix of causes, and a gain is the margin of the days kept.
What is not known to be allowed is not allowed.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

MOST_P, MOST_REMOVED, LIKELY, STEP_DAYS = 0.999, 0.98, 0.5, 7.0  # as in the plan
RIGHTS = ("marketing_consent", "open_complaint")  # optional flags beside those of the channels
NOTHING: dict[str, Any] = {"action": None, "channel": None, "expected_gain": None, "cost": None}


class ActionChoice:
    """Chooses by gain after cost among actions that are more likely than not to pay.

    Parameters
    ----------
    served
        Content of ``actions.json``.
    names
        Features in the order of encoded rows.
    """

    def __init__(self, served: dict[str, Any], names: list[str]) -> None:
        self.served, self.names, self.actions = served, names, served["actions"]
        self.optional = tuple(dict.fromkeys([*RIGHTS, *served["columns"].values()]))
        self.theta = np.array([one["theta"] for one in self.actions]).reshape(-1, len(served["causes"]))
        self.kappa = np.array([one["kappa"] for one in self.actions])
        self.theta_draws = np.array([one["theta_draws"] for one in self.actions])  # (A, R, causes)
        self.kappa_draws = np.array([one["kappa_draws"] for one in self.actions])  # (A, R)
        self.course = np.array([one["course"] for one in self.actions])  # (A, weeks)
        edges = np.append(np.arange(0, served["value_days"], STEP_DAYS), float(served["value_days"]))
        self.steps = np.diff(edges)

    def answers(
        self,
        X: np.ndarray,
        p_churn: np.ndarray,
        mix: dict[str, np.ndarray] | None,
        flags: dict[str, list[Any]],
    ) -> dict[str, list[Any]]:
        """Output columns action, channel, expected_gain (before cost), cost, do_not_send and do_not_send_reason.

        Parameters
        ----------
        p_churn
            Chance to leave within the horizon of the model; (n,).
        mix
            Chance of each cause by name; None: the programme's shares for all.
        flags
            Optional columns, NaN where not told.
        """
        p = 1 - (1 - p_churn) ** (self.served["effect_days"] / self.served["horizon_days"])
        decide, in_time = self.in_term(X)
        q, d, worth = self._mix(len(X), mix), self._aversion(X), self._worth(X)
        gain, pays = self.gains(p * decide, q, d, worth * in_time)
        rows = [self._best(row, X[row], gain[row], pays[row], flags) for row in range(len(X))]
        return {name: [row[name] for row in rows] for name in (*NOTHING, "do_not_send", "do_not_send_reason")}

    def gains(
        self, p: np.ndarray, q: np.ndarray, d: np.ndarray, worth: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Gain of each action before cost, and whether it is more likely than not to pay through its cheapest channel.

        Parameters
        ----------
        p, q, d, worth
            Chance to leave untouched within the follow-up, (n,); mix of causes, (n, causes); aversion, (n,); worth of a
            day that the member stays (currency), (n,).

        Returns
        -------
        gain, pays
            (n, A) each.
        """
        change = _change(p[:, None], q @ self.theta.T - d[:, None] * self.kappa)
        gain = worth[:, None] * self._days(p, change)
        fifth = np.maximum(p / 5, 1e-9)[:, None]
        a_point = np.maximum(self._days(p, np.broadcast_to(-fifth, change.shape)) / fifth, 1e-9)
        costs = np.array([self._cost(one["channels"]) for one in self.actions])
        needed = costs / np.maximum(worth, 1e-9)[:, None]
        draws = np.einsum("nk,ark->nar", q, self.theta_draws) - d[:, None, None] * self.kappa_draws
        likely = (_change(p[:, None, None], draws) < (-needed / a_point)[:, :, None]).mean(axis=2) >= LIKELY
        return gain, likely & (change < 0)

    def _days(self, p: np.ndarray, change: np.ndarray) -> np.ndarray:
        """Days kept by a change of the chance `p`; (n, A)."""
        h = (-np.log1p(-np.clip(p, 0, MOST_P)) / self.served["effect_days"])[:, None, None]
        before = np.log1p(-np.clip(p, 1e-9, MOST_P))[:, None]
        removed = 1 - np.log1p(-np.clip(p[:, None] + change, 0, MOST_P)) / before
        left = 1 - np.minimum(removed[:, :, None] * self.course, MOST_REMOVED)
        saved = np.exp(-h * np.cumsum(self.steps * left, axis=2)) - np.exp(-h * np.cumsum(self.steps))
        return ((saved + np.roll(saved, 1, axis=2) * (np.arange(len(self.steps)) > 0)) * self.steps / 2).sum(
            axis=2
        )

    def _mix(self, rows: int, mix: dict[str, np.ndarray] | None) -> np.ndarray:
        """Mix of causes, (n, causes): what is of unknown cause is spread as the programme's shares of those not told."""
        shares = np.array(self.served["shares"])
        if mix is None or not self.served["by_cause"]:
            return np.tile(shares, (rows, 1))
        told = np.array([cause in mix for cause in self.served["causes"]])
        q = np.column_stack([mix.get(cause, np.zeros(rows)) for cause in self.served["causes"]])
        if not told.all() and shares[~told].sum() > 0:
            q[:, ~told] = (1 - q.sum(axis=1))[:, None] * shares[~told] / shares[~told].sum()
        return q / q.sum(axis=1, keepdims=True)

    def _aversion(self, X: np.ndarray) -> np.ndarray:
        scale, score = self.served["aversion"], np.zeros(len(X))
        for one in scale["traces"]:
            if one["feature"] in self.names:
                x = X[:, self.names.index(one["feature"])].astype("float64")
                x = np.log1p(np.maximum(x, 0)) if one["log"] else x
                z = np.nan_to_num((x - one["mean"]) / one["sd"])
                score += one["sign"] * np.clip(z, -scale["limit"], scale["limit"])
        return np.maximum((score - scale["mean"]) / scale["sd"], 0.0) if scale["traces"] else score

    def _worth(self, X: np.ndarray) -> np.ndarray:
        """Margin a day from spend of the last year, else the median of the members."""
        usual = np.full(len(X), self.served["worth_a_day"])
        if self.served["margin_rate"] is None or "spend_365d" not in self.names:
            return usual
        spend = np.maximum(X[:, self.names.index("spend_365d")].astype("float64"), 0)
        tenure = (
            X[:, self.names.index("tenure_days")] if "tenure_days" in self.names else np.full(len(X), np.nan)
        )
        days = np.clip(np.where(np.isnan(tenure), 365.0, tenure), 90, 365)
        margin = self.served["margin_rate"] * spend / days
        return np.where(np.isnan(margin), usual, margin)

    def in_term(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Chance to decide over the chance to leave, and share of the days kept that lies in time, as members with as many
        days to the end of the term have them; one without terms; two of (n,)."""
        of_left, one = self.served.get("by_days_left"), np.ones(len(X))
        if of_left is None or "days_to_term_end" not in self.names:
            return one, one
        left = X[:, self.names.index("days_to_term_end")].astype("float64")
        part = np.minimum(
            np.searchsorted(of_left["edges"], left, side="right"), len(of_left["edges"])
        )  # NaN: last
        decide, in_time = (
            np.where(np.isnan(left), 1.0, np.array(of_left[name])[part]) for name in ("decide", "in_time")
        )
        return decide, in_time

    def _cost(self, channels: dict[str, float]) -> float:
        return min(channels.values(), default=0.0) if self.served["money"] else 0.0

    def _best(
        self, row: int, x: np.ndarray, gain: np.ndarray, pays: np.ndarray, flags: dict[str, list[Any]]
    ) -> dict[str, Any]:
        told = {
            name: self._told(name, row, x, flags)
            for name in (*self.optional, "opted_out", "days_to_term_end")
        }
        reason, best = self._barred(told), NOTHING
        if reason is None:
            reason, most = "no_gain", 0.0
            for at in np.flatnonzero(pays):
                one = self.actions[at]
                if one["in_term"] and math.isnan(told["days_to_term_end"]):
                    continue
                ways = {way: cost for way, cost in one["channels"].items() if self._has(way, told)}
                net = float(gain[at]) - self._cost(ways)
                if not ways and one["channels"]:
                    reason = "no_channel" if best is NOTHING else reason
                elif net > most:
                    way = min(ways, key=lambda name: (ways[name], name), default=None)
                    most, reason = net, None
                    best = {"action": one["action"], "channel": way or None, "expected_gain": round(float(gain[at]), 4), "cost": ways.get(way or "", 0.0)}  # fmt: skip
            reason = None if best is not NOTHING else reason
        return {**best, "do_not_send": reason is not None, "do_not_send_reason": reason}

    def _told(self, name: str, row: int, x: np.ndarray, flags: dict[str, list[Any]]) -> float:
        if name in self.names:
            return float(x[self.names.index(name)])
        return flags[name][row] if name in flags else math.nan

    def _has(self, way: str, told: dict[str, float]) -> bool:
        """Whether the member is known to have a channel; of those that the programme keeps no column of, all do."""
        column = self.served["columns"].get(way)
        return column is None or told[column] == 1

    @staticmethod
    def _barred(told: dict[str, float]) -> str | None:
        if told["marketing_consent"] != 1:
            return "consent_unknown" if math.isnan(told["marketing_consent"]) else "no_consent"
        if told["opted_out"] == 1:
            return "opted_out"
        return "open_complaint" if told["open_complaint"] == 1 else None


def _change(p: np.ndarray, removed: np.ndarray) -> np.ndarray:
    return np.clip(p * (1 - removed), 0, 1) - p
