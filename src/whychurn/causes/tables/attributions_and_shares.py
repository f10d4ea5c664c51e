"""Run the methods and put their answers into tables: primary cause of each member, shares of all methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.latent_cause.share_intervals import BOUNDS, SAMPLING
from whychurn.causes.methods import Attribution, Inputs, find_method
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES, LEAST_SAID, UNKNOWN
from whychurn.contract.params import Params

P: Final = [f"p_{cause}" for cause in CAUSES]
ADDITIVE: Final = "additive_hazard"
# what else a method goes by; the others go by answers or texts
WORDS: Final[Mapping[str, str]] = {
    "survey": "answers",
    "survey_classifier": "answers",
    "corrected_classifier": "answers",
    "keyword": "texts",
}
MIN_ODDS_RATIO: Final = 1.5  # to the odds among all churned members: what holds for all says nothing of one


def run_methods(inputs: Inputs, params: Params) -> dict[str, Attribution]:
    """Answer of each method of ``causes.methods``, by name; the chosen one is always among them."""
    names = dict.fromkeys([*params.causes.methods, params.causes.method])
    return {name: attribute_by(name, inputs, params) for name in names}


def attribute_by(name: str, inputs: Inputs, params: Params) -> Attribution:
    """Answer of one method; all null where it has nothing to go by.

    The additive hazard tells itself what it cannot tell. The others spread every leaving over the six: they
    say nothing where too few leavers said why.
    """
    found, grounds = find_method(name)(inputs, params), inputs.grounds
    said = {"answers": grounds.answers, "texts": grounds.texts, "either": max(grounds.answers, grounds.texts)}
    if name == ADDITIVE or said[WORDS.get(name, "either")] >= LEAST_SAID:
        return found
    shares = found.shares.assign(**dict.fromkeys(BOUNDS, np.nan))
    return replace(found, p=np.full_like(found.p, np.nan), shares=shares)


def assign_primary_cause(index_dates: pd.DataFrame, p: Array, min_posterior: float) -> pd.DataFrame:
    """Index dates with ``p_<cause>``, primary_cause and confidence (the largest posterior).

    Classification with a reject option (Chow 1970): ``unknown`` below `min_posteriors`.

    Parameters
    ----------
    p
        Posterior of the causes, null where one cannot be told; (rows, 6).
    min_posterior
        ``causes.name_from``.
    """
    known = np.nan_to_num(p)
    top, likeliest = (known.max(axis=1), known.argmax(axis=1)) if len(p) else (np.zeros(0), np.zeros(0, int))
    churned = (index_dates["status"] == "churned").to_numpy()
    enough = top >= min_posteriors(known[churned], min_posterior)[likeliest]
    top = np.where(np.isnan(p).all(axis=1), np.nan, top)
    cause = pd.Series(np.where(enough, np.array(CAUSES, dtype=object)[likeliest], UNKNOWN), dtype="string")
    table = pd.concat([index_dates.reset_index(drop=True), pd.DataFrame(p, columns=P)], axis=1)
    return table.assign(primary_cause=cause, confidence=top)


def min_posteriors(p: Array, min_posterior: float) -> Array:
    """Posterior from which each cause is assigned, given that of all churned members `p`; (causes,).

    At least `min_posterior`, and odds `MIN_ODDS_RATIO` times those of the cause among all churned members.
    """
    share = np.clip(p.mean(axis=0), 1e-6, 1 - 1e-6) if len(p) else np.full(p.shape[1], 1 / p.shape[1])
    odds = MIN_ODDS_RATIO * share / (1 - share)
    return np.maximum(min_posterior, odds / (1 + odds))


def attributions_table(
    index_dates: pd.DataFrame, attributions: dict[str, Attribution], min_posterior: float
) -> pd.DataFrame:
    """`assign_primary_cause` for every method, one below the other, with the column ``method`` in front."""
    parts = [
        assign_primary_cause(index_dates, attribution.p, min_posterior).assign(method=name)
        for name, attribution in attributions.items()
    ]
    table = pd.concat(parts, ignore_index=True).astype({"method": "string"})
    return table[["method", *index_dates.columns, *P, "primary_cause"]]


def shares_table(attributions: dict[str, Attribution]) -> pd.DataFrame:
    """method, cause, share and bounds of every method, and `SAMPLING`, null but for the additive hazard."""
    parts = [attribution.shares.assign(method=name) for name, attribution in attributions.items()]
    kinds = {"method": "string", **dict.fromkeys((*BOUNDS, *SAMPLING), "float64")}
    columns = ["method", "cause", *BOUNDS, *SAMPLING]
    return pd.concat(parts, ignore_index=True).reindex(columns=columns).astype(kinds)


def cause_shares(shares: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """The chosen method's shares, the part of churn events assigned to each cause, and the row ``unknown``.

    ``share`` is the mean posterior and sums to one over the six. Where causes cannot be told their share is
    null, and that of ``unknown`` is what is missing from one; their bounds say what is left for each, if some
    other cause can be told. ``named`` counts churn events by primary cause, and sums to one with the row
    ``unknown``.
    """
    shares = shares[["cause", *BOUNDS]]
    churned = members[members["status"] == "churned"]
    assigned = churned["primary_cause"].value_counts(normalize=True)
    open_ones = shares["share"].isna()
    untold = 1 - shares["share"].sum() if open_ones.any() and len(churned) else np.nan
    if open_ones.any() and not open_ones.all():
        left = max(1 - float(shares["low"].fillna(shares["share"])[~open_ones].sum()), 0.0)
        shares = shares.assign(
            low=shares["low"].mask(open_ones, 0.0), high=shares["high"].mask(open_ones, left)
        )
    table = pd.concat([shares, pd.DataFrame({"cause": [UNKNOWN], "share": [untold]})], ignore_index=True)
    table = table.assign(
        named_share=table["cause"].map(assigned).fillna(0.0), churn_events=float(len(churned))
    )
    return table.astype({"cause": "string"})
