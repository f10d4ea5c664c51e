"""From interviews and the chosen method's answer to the shares that are reported, and the tables beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import special

from whychurn.causes.interviews.coder_agreement import CoderAgreement, coder_agreement
from whychurn.causes.interviews.combination import (
    ShareInterval,
    combine,
    draw_interval,
    log_odds,
    sd_of_interval,
)
from whychurn.causes.interviews.draw_estimate import DrawEstimate, estimate_draw
from whychurn.causes.interviews.interval_width import interview_plan
from whychurn.causes.interviews.interview_answers import ANSWERED, Interviews, no_interviews
from whychurn.causes.interviews.silence_allowance import order_open_at
from whychurn.causes.interviews.taught_model import taught_chances
from whychurn.causes.latent_cause.confusion_matrices import given_heard
from whychurn.causes.latent_cause.member_chances import tempered
from whychurn.causes.methods import Attribution, Inputs
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES, LEAST_SAID
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, empty_table
from whychurn.panel.exit_surveys import NOT_ASKED

COLUMNS: Final = columns_of("cause_interviews")
UNTRUE: Final = 0.1  # of those who answer name another cause: the bounds of silence widen by 1 / (1 - this)
AVOIDABLE: Final = ("avoidable_share", "avoidable_low", "avoidable_high")


@dataclass(frozen=True)
class AskedByLot:
    """What interviews make of an answer.

    Parameters
    ----------
    attribution
        The answer with shares and chances that fit the interviews; as it was without any.
    tables
        cause_interviews (no rows unless `LEAST_SAID` leavers drawn by lot named a cause), interview_plan.
    facts
        How many were asked and answered, how far coders agree, what silence leaves open.
    """

    attribution: Attribution
    tables: dict[str, pd.DataFrame]
    facts: dict[str, Any]


def asked_by_lot(inputs: Inputs, attribution: Attribution, params: Params) -> AskedByLot:
    """Put the interviews to use: shares from the draw where enough answered, chances of members in any case."""
    evidence, churned = inputs.evidence, inputs.evidence.churned
    rows = evidence.rows[churned]
    interviews = evidence.interviews.select(rows) if evidence.interviews else no_interviews(len(rows))
    coding = coder_agreement(interviews.coder_pairs)
    confidence, gamma = params.run.confidence, params.causes.silence_factor / (1 - UNTRUE)
    model = _model_shares(attribution.shares, confidence)
    facts = interview_facts(interviews, coding) | {"gamma": params.causes.silence_factor, "untrue": UNTRUE}
    by_lot = int((interviews.by_lot & interviews.named).sum())
    if by_lot < LEAST_SAID:
        tables = {"cause_interviews": empty_table(COLUMNS)}
        tables["interview_plan"] = interview_plan(None, model[0], model, gamma, confidence)
        found = _with_chances(attribution, interviews, churned, model[0])
        return AskedByLot(found, tables, facts | {"basis": "few" if facts["asked"] else "none"})
    if attribution.model is not None:
        taught = taught_chances(inputs, attribution.p, attribution.model, params)
        attribution = replace(attribution, p=taught)
    dates = evidence.index_dates[churned]
    member = dates["member_id"].to_numpy()
    draw = estimate_draw(interviews, attribution.p[churned], member, dates["anchor_on"], coding)
    alone = draw_interval(draw.share, draw.log_odds_sd, gamma, confidence)
    together = combine(draw.share, draw.log_odds_sd, *model, gamma, confidence)
    found = _with_chances(attribution, interviews, churned, together.share)
    found = replace(found, shares=_shares(attribution.shares, together))
    tables = {
        "cause_interviews": _table(draw, alone, attribution.shares, together),
        "interview_plan": interview_plan(draw, together.share, model, gamma, confidence),
    }
    return AskedByLot(found, tables, facts | _draw_facts(draw, together, confidence))


def interview_facts(interviews: Interviews, coding: CoderAgreement) -> dict[str, Any]:
    """Counts of who was asked, and how far coders agree."""
    return {
        "asked": int((interviews.status != NOT_ASKED).sum()),
        "answered": int((interviews.status == ANSWERED).sum()),
        "asked_by_lot": int(interviews.by_lot.sum()),
        "answered_by_lot": int((interviews.by_lot & (interviews.status == ANSWERED)).sum()),
        "named_by_lot": int((interviews.by_lot & interviews.named).sum()),
        "coded_twice": coding.pairs,
        "coders_agree": coding.agreed if coding.pairs else None,
        "kappa": coding.kappa if np.isfinite(coding.kappa) else None,
        "reliable": coding.reliable,
    }


def _draw_facts(draw: DrawEstimate, together: ShareInterval, confidence: float) -> dict[str, Any]:
    return {
        "basis": "lot",
        "outside": draw.outside,
        "first_month": f"{draw.first_day:%Y-%m}",
        "last_month": f"{draw.last_day:%Y-%m}",
        "leavings_of_period": draw.in_period,
        "order_open_at": order_open_at(together.share, draw.covariance, confidence),
    }


def _model_shares(shares: pd.DataFrame, confidence: float) -> tuple[Array, Array]:
    """The method's own shares, and the sd of their log-odds; (6,) each."""
    table = shares.set_index("cause").loc[list(CAUSES)]
    sd = sd_of_interval(table["low"].to_numpy("float64"), table["high"].to_numpy("float64"), confidence)
    share = table["share"].to_numpy("float64")
    return share, np.where(np.isnan(share), np.inf, sd)


def _with_chances(
    attribution: Attribution, interviews: Interviews, churned: Array, share: Array
) -> Attribution:
    """The answer with chances of members given interviews, whose mean is `share`."""
    if not interviews.named.any() or np.isnan(share).any():
        return attribution
    p = np.where(np.isnan(attribution.p).any(axis=1, keepdims=True), share, attribution.p)
    p[churned] = given_heard(p[churned], interviews.coded)
    return replace(attribution, p=tempered(p, churned, share, 1.0))


def _shares(own: pd.DataFrame, together: ShareInterval) -> pd.DataFrame:
    """Shares of the combination; avoidable churn moves with them on the log-odds scale."""
    own = own.set_index("cause").loc[list(CAUSES)].reset_index()
    moved = log_odds(together.share) - log_odds(own["share"].to_numpy("float64"))
    avoidable = {name: special.expit(log_odds(own[name].to_numpy("float64")) + moved) for name in AVOIDABLE}
    return own.assign(share=together.share, low=together.low, high=together.high, **avoidable)


def _table(
    draw: DrawEstimate, alone: ShareInterval, own: pd.DataFrame, together: ShareInterval
) -> pd.DataFrame:
    """Table cause_interviews: the model's shares, the draw's, and the combination."""
    own = own.set_index("cause").loc[list(CAUSES)]
    values: dict[str, Any] = {"cause": pd.Series(CAUSES, dtype="string")}
    for prefix, source in (("draw_", alone), ("", together)):
        values |= {f"{prefix}{name}": getattr(source, name) for name in ("share", "low", "high")}
    values |= {f"model_{name}": own[name].to_numpy("float64") for name in ("share", "low", "high")}
    return pd.DataFrame(values | {"draw_weight": together.weight, "power": draw.power})[COLUMNS]
