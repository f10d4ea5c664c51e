"""Keyword counts: the cause whose words a member uses most; those without words get the shares of the others."""

from __future__ import annotations

import numpy as np

from whychurn.causes.methods import Attribution, Inputs, mean_shares, normalised
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params


def attribute(inputs: Inputs, params: Params) -> Attribution:
    """Share of each cause in the lexicon's words in a member's texts before leaving."""
    spoken = inputs.words[inputs.evidence.churned].sum(axis=0)
    usual = spoken / spoken.sum() if spoken.sum() > 0 else np.full(len(CAUSES), 1 / len(CAUSES))
    p = normalised(inputs.words, usual)
    return Attribution(p, mean_shares(p, inputs.evidence.churned, params))
