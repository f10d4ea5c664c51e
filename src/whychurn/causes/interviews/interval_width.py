"""The price of knowing: how wide the intervals of the shares would be with more leavers asked by lot."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.interviews.combination import combine
from whychurn.causes.interviews.draw_estimate import DrawEstimate, log_odds_sd
from whychurn.contract.arrays import Array
from whychurn.contract.results import columns_of

FURTHER: Final = (0, 50, 100, 200)
UNEVEN: Final = 1.2  # variance of a draw with the chances of `draw_of_leavers`, over that of an even one


def interview_plan(
    draw: DrawEstimate | None, shares: Array, model: tuple[Array, Array], gamma: float, confidence: float
) -> pd.DataFrame:
    """Table interview_plan: intervals with further leavers drawn, answered and naming one of the six.

    The sampling variance of the draw falls with the number who answer. What silence may hide does not.

    Parameters
    ----------
    draw
        None where none were asked by lot, or too few answered.
    shares
        As reported; null is reckoned as one sixth; (6,).
    model
        The model's shares and the sd of their log-odds; (6,) each.
    """
    shares = np.where(np.isnan(shares), 1 / len(shares), shares)
    rows = []
    for further in FURTHER:
        answers = further + (draw.named if draw else 0)
        if not answers:
            sd = np.full(len(shares), np.inf)
        elif draw:
            sd = draw.log_odds_sd * np.sqrt(draw.named / answers)
        else:
            sd = log_odds_sd(shares, UNEVEN * shares * (1 - shares) / answers, answers / UNEVEN)
        width = _widths(shares, sd, model, gamma, confidence)
        rows.append((float(further), float(answers), width.mean(), width.max()))
    return pd.DataFrame(rows, columns=columns_of("interview_plan"))


def _widths(shares: Array, sd: Array, model: tuple[Array, Array], gamma: float, confidence: float) -> Array:
    """Widths of the intervals about `shares`; null without any source; (6,)."""
    if np.isinf(sd).all() and np.isinf(model[1]).any():
        return np.full(len(shares), np.nan)
    together = combine(shares, sd, shares, model[1], gamma, confidence)
    return together.high - together.low
