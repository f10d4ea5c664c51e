"""How likely leavers are to return, by themselves and when invited: piecewise constant hazard with a prior.

    log h = b0 + b1 log(30 + days away) + b2 days away + b3 log(1 + daily margin) + sum_k c_k q_k + campaign
            + treated × strength (e_a + sum_k g_ak q_k + channel + offer)

With q the mix of causes of leaving. A Poisson likelihood of the pieces is that of the hazard (Holford 1980, Biometrics
36); the posterior is Gaussian at its mode. The strength of a contact is 1 at first and `FADED` after 60 days: assumed, as
few leavers are followed so long without another draw. The chance of a return within 180 days is 1 - exp(-sum h days).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from whychurn.action.winback.leavers import MIX
from whychurn.action.winback.person_time import AFTER_CUTS, LATE_DAYS
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES

OWN_SD: Final = 0.3  # of an action over all causes, of channels, offers
MATCHED_SD: Final = 0.7  # of an action on a cause it is meant for
OTHER_SD: Final = 0.3  # on another cause
CAUSE_SD: Final = 1.0
CAMPAIGN_SD: Final = 0.5
WIDE_SD: Final = 10.0
STEPS: Final = 50
LONGEST_STEP: Final = 2.0  # of Newton, in a coefficient
TOLERANCE: Final = 1e-8
FADED: Final = 0.5  # of the log hazard ratio of a contact that is older than `LATE_DAYS`
BLOCK_ROWS: Final = 2**18
FEWEST: Final = 0.5  # returns added where none was seen, so that the level is finite


class Term(NamedTuple):
    """One coefficient.

    Parameters
    ----------
    kind
        level, away, long, margin, cause, campaign; of those contacted only: arm, channel, offer.
    name
        Campaign, action, channel or offer.
    cause
        Cause whose share multiplies it; empty: none.
    """

    kind: str
    name: str = ""
    cause: str = ""


COLUMNS: Final = {"campaign": "campaign_id", "arm": "action", "channel": "channel", "offer": "offer"}
CONTACT: Final = ("arm", "channel", "offer")  # kinds of terms that act on those contacted


@dataclass(frozen=True)
class ReturnModel:
    """Posterior of the coefficients.

    Parameters
    ----------
    terms
        Coefficients in order.
    mean, covariance
        (J,) and (J, J).
    """

    terms: list[Term]
    mean: Array
    covariance: Array

    def effect(self, rows: pd.DataFrame) -> tuple[Array, Array]:
        """Log hazard ratio of the contact in each row (action, channel, offer, p_<cause>) at first, and its sd; (n,) each."""
        own = np.array([term.kind in CONTACT for term in self.terms])
        asked = rows.assign(treated=True, late=False, away=1.0, daily_margin=0.0, campaign_id="")
        X = design(asked, self.terms)[:, own]
        spread = np.einsum("ij,jk,ik->i", X, self.covariance[np.ix_(own, own)], X)
        return X @ self.mean[own], np.sqrt(np.maximum(spread, 0))

    def alone(self, rows: pd.DataFrame) -> list[Array]:
        """Returns expected of leavers (days_since, daily_margin, p_<cause>) in each piece of the 180 days (`AFTER_CUTS`)
        if they are left alone; (n,) each.
        """
        given = rows.assign(treated=False, late=False, campaign_id="", action="")
        days, found = rows["days_since"].to_numpy("float64"), list[Array]()
        for start, stop in pairwise(AFTER_CUTS):
            X = design(given.assign(away=days + (start + stop) / 2), self.terms)
            found.append(np.exp(X @ self.mean) * (stop - start))
        return found


def chance_of(alone: Sequence[Array], log_ratio: Array | float = 0.0) -> Array:
    """Chance to return within 180 days; (n,).

    Parameters
    ----------
    alone
        `ReturnModel.alone`.
    log_ratio
        Of a contact at first: `ReturnModel.effect`.
    """
    total = np.zeros(len(alone[0]))
    for start, expected in zip(AFTER_CUTS, alone, strict=False):
        total += expected * np.exp(log_ratio * (FADED if start >= LATE_DAYS else 1.0))
    return -np.expm1(-total)


def fit_returns(
    pieces: pd.DataFrame, arms: Sequence[str], beliefs: Mapping[str, Mapping[str, float]]
) -> ReturnModel:
    """Posterior from pieces of person-time.

    Parameters
    ----------
    pieces
        `person_time`: days, event, away, daily_margin, p_<cause>, campaign_id, treated, action, channel, offer, late.
    arms
        Actions that get coefficients; those that nobody tested keep their prior.
    beliefs
        Action -> cause -> believed log hazard ratio; causes not named are believed to be untouched.
    """
    terms, prior, sd = _prior(pieces, arms, beliefs)
    X = design(pieces, terms)
    days, event = pieces["days"].to_numpy("float64"), pieces["event"].to_numpy("float64")
    prior[0] = np.log((event.sum() + FEWEST) / max(days.sum(), 1.0))
    mean, precision = prior.copy(), np.diag(sd**-2.0)
    for _ in range(STEPS):
        expected = days * np.exp(np.clip(X @ mean, -30, 5))
        gradient = X.T @ (event - expected) - precision @ (mean - prior)
        hessian = _information(X, expected) + precision
        step = np.linalg.solve(hessian, gradient)
        mean = mean + step * min(1.0, LONGEST_STEP / max(np.abs(step).max(), 1e-12))
        if np.abs(step).max() < TOLERANCE:
            break
    expected = days * np.exp(np.clip(X @ mean, -30, 5))
    return ReturnModel(terms, mean, np.linalg.inv(_information(X, expected) + precision))


def _information(X: Array, expected: Array) -> Array:
    """Information matrix of (n, J) and (n,), without a second matrix of that size; (J, J)."""
    found = np.zeros((X.shape[1], X.shape[1]))
    for start in range(0, len(X), BLOCK_ROWS):
        part = X[start : start + BLOCK_ROWS]
        found += (part * expected[start : start + BLOCK_ROWS, None]).T @ part
    return found


def _prior(
    pieces: pd.DataFrame, arms: Sequence[str], beliefs: Mapping[str, Mapping[str, float]]
) -> tuple[list[Term], Array, Array]:
    """Terms with their prior means and sds."""
    entries = [
        (Term("level"), 0.0, WIDE_SD),
        (Term("away"), 0.0, WIDE_SD),
        (Term("long"), 0.0, WIDE_SD),
        (Term("margin"), 0.0, CAUSE_SD),
    ]
    entries += [(Term("cause", "", cause), 0.0, CAUSE_SD) for cause in CAUSES]
    campaigns = sorted(str(name) for name in pieces["campaign_id"].unique())
    entries += [(Term("campaign", name), 0.0, CAMPAIGN_SD) for name in campaigns if name]
    for arm in arms:
        entries.append((Term("arm", arm), 0.0, OWN_SD))
        for cause in CAUSES:
            believed = beliefs.get(arm, {}).get(cause)
            spread = OTHER_SD if believed is None else MATCHED_SD
            entries.append((Term("arm", arm, cause), believed or 0.0, spread))
    treated = pieces[pieces["treated"].to_numpy(bool)]
    for kind in ("channel", "offer"):
        entries += [(Term(kind, name), 0.0, OWN_SD) for name in _varied(treated, kind)]
    terms, means, sds = zip(*entries, strict=True)
    return list(terms), np.array(means), np.array(sds)


def _varied(treated: pd.DataFrame, column: str) -> list[str]:
    """Values of a column, in order, where there is more than one to compare."""
    values = sorted(str(one) for one in treated[column].dropna().unique()) if column in treated else []
    return values if len(values) > 1 else []


def design(rows: pd.DataFrame, terms: Sequence[Term]) -> Array:
    """Value of each term in each row; (n, J)."""
    numbers = {
        "level": np.ones(len(rows)),
        "away": np.log(30 + rows["away"].to_numpy("float64")),
        "long": rows["away"].to_numpy("float64") / 100,
        "margin": np.log1p(np.nan_to_num(rows["daily_margin"].to_numpy("float64")).clip(0)),
    }
    words = {
        kind: np.where(rows[column].notna(), rows[column].astype("object"), "")
        for kind, column in COLUMNS.items()
        if column in rows
    }
    mix = rows[MIX].to_numpy("float64")
    strength = np.where(rows["treated"], np.where(rows["late"], FADED, 1.0), 0.0)
    X, same = np.zeros((len(rows), len(terms))), dict[tuple[str, str], Array]()
    for place, (kind, name, cause) in enumerate(terms):
        value = numbers.get(kind, 1.0)
        if kind in COLUMNS and (kind, name) not in same:
            same[kind, name] = np.equal(words[kind], name).astype("float64") if kind in words else np.zeros(1)
        value = same.get((kind, name), value)
        if cause:
            value = value * mix[:, CAUSES.index(cause)]
        X[:, place] = value * strength if kind in CONTACT else value
    return X
