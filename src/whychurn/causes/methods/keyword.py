"""Keyword counts: the cause whose keywords a member uses most; members without any get the shares of the
others.
"""

from __future__ import annotations

import numpy as np

from whychurn.causes.methods import Attribution, Inputs, mean_shares, normalised
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params


def attribute(inputs: Inputs, params: Params) -> Attribution:
    """Share of each cause in the lexicon's keywords in a member's texts before leaving."""
    even = np.full(len(CAUSES), 1 / len(CAUSES))
    total = inputs.keyword_weights[inputs.evidence.churned].sum(axis=0)
    p = normalised(inputs.keyword_weights, total / total.sum() if total.sum() > 0 else even)
    return Attribution(p, mean_shares(p, inputs.evidence.churned, params))
