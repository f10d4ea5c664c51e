"""Exit surveys as they are: the stated reason is taken for the cause, the silent are like those who answered."""

from __future__ import annotations

import numpy as np

from whychurn.causes.methods import Attribution, Inputs, mean_shares, stated_shares
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params


def attribute(inputs: Inputs, params: Params) -> Attribution:
    """One-hot for leavers who named one of the six, shares of the answers for everyone else."""
    stated = inputs.evidence.stated
    p = np.tile(stated_shares(stated), (len(stated), 1))
    named = (stated >= 0) & (stated < len(CAUSES))
    p[named] = np.eye(len(CAUSES))[stated[named]]
    return Attribution(p, mean_shares(p, inputs.evidence.churned, params))
