"""SHAP by feature family: what raised the risk score, taken for the cause. It explains the model, not the
world.
"""

from __future__ import annotations

import numpy as np

from whychurn.causes.methods import Attribution, Inputs, mean_shares, normalised
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params


def attribute(inputs: Inputs, params: Params) -> Attribution:
    """Positive contributions of the features of each candidate cause, as shares of their sum."""
    given = inputs.contributions
    raised = np.zeros((len(inputs.table), len(CAUSES))) if given is None else np.nan_to_num(given)
    p = normalised(np.maximum(raised, 0), np.full(len(CAUSES), 1 / len(CAUSES)))
    return Attribution(p, mean_shares(p, inputs.evidence.churned, params))
