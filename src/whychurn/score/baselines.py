"""Baselines that every method is compared with: true shares, commonest cause, the simulator itself, the upper bound."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.codes import CEILING, MAJORITY, ORACLE, PRIOR
from whychurn.contract.params import Params
from whychurn.score.method_answers import CHURNED, KEYS, MethodAnswer, cause_codes, true_posterior
from whychurn.score.upper_bound_classifier import fit_upper_bound


def with_baselines(
    answers: Mapping[str, MethodAnswer], events: pd.DataFrame, evidence: pd.DataFrame, params: Params
) -> dict[str, MethodAnswer]:
    """Answers of the methods and, beside them, of the baselines.

    Parameters
    ----------
    events
        Matched churn events with one of the six causes: member_id, spell_no, cause, p_<cause>.
    evidence
        member_id, spell_no, status, x_*.
    """
    y = cause_codes(events["cause"])
    evidence = evidence[evidence["status"] == CHURNED].drop(columns=["status", "anchor_on"], errors="ignore")
    evidence = events[KEYS].merge(evidence, on=KEYS, how="left", validate="one_to_one")
    upper_bound = fit_upper_bound(evidence, y, events["member_id"].to_numpy(), params)
    baselines = baseline_probabilities(y, true_posterior(events), upper_bound)
    return {**answers, **{name: MethodAnswer(p, p.argmax(axis=1)) for name, p in baselines.items()}}


def baseline_probabilities(y: Array, oracle: Array, upper_bound: Array | None) -> dict[str, Array]:
    """Probabilities of the baselines for churn events with true causes `y` (n,); each (n, 6).

    Parameters
    ----------
    oracle
        The simulator's own posterior; (n, 6).
    upper_bound
        As `fit_upper_bound` returns it; left out where None.
    """
    shares = np.bincount(y, minlength=len(CAUSES)) / max(len(y), 1)
    commonest = np.zeros(len(CAUSES))
    commonest[shares.argmax()] = 1
    baselines = {MAJORITY: np.tile(commonest, (len(y), 1)), PRIOR: np.tile(shares, (len(y), 1))}
    if upper_bound is not None:
        baselines[CEILING] = upper_bound
    return baselines | {ORACLE: oracle}
