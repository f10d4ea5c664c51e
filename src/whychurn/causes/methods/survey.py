"""Exit surveys as they are: the stated reason is taken for the cause, silent members are like those who
answered.
"""

from __future__ import annotations

import numpy as np

from whychurn.causes.methods import Attribution, Inputs, mean_shares, stated_shares
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params


def attribute(inputs: Inputs, params: Params) -> Attribution:
    """One-hot for members who stated one of the six, shares of the answers for everyone else."""
    stated = inputs.evidence.stated
    p = np.tile(stated_shares(stated), (len(stated), 1))
    usable = (stated >= 0) & (stated < len(CAUSES))
    p[usable] = np.eye(len(CAUSES))[stated[usable]]
    return Attribution(p, mean_shares(p, inputs.evidence.churned, params))
