"""How far two coders of one interview agree, and how often a coding is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES

LEAST_PAIRS: Final = 20  # interviews coded twice from which on the error of coding is corrected for
LEAST_RELIABLE: Final = 0.6  # answers are not corrected for more error than this leaves


@dataclass(frozen=True)
class CoderAgreement:
    """Agreement of two coders.

    Parameters
    ----------
    pairs
        Interviews in which both heard one of the six.
    agreed
        Share of these in which they name the same; NaN without any.
    kappa
        The same beyond chance (Scott 1955, which is Cohen's kappa for coders who may be exchanged).
    reliable, reliable_sd
        Share of codings that are right for another reason than chance, and its sampling error; 1 and 0 with
        fewer than `LEAST_PAIRS`, where nothing is corrected.
    """

    pairs: int
    agreed: float
    kappa: float
    reliable: float
    reliable_sd: float


def coder_agreement(coder_pairs: Array) -> CoderAgreement:
    """Agreement beyond chance, and the reliability that it implies.

    A coding is right with chance r, else any of the six with equal chance, for both coders alike and
    independently. Two codings then agree with chance ``1/6 + r^2 (1 - 1/6)``, so that r is the square root of
    the S coefficient (Bennett, Alpert and Goldstein 1954).

    Parameters
    ----------
    coder_pairs
        See `Interviews`; (7, 7).
    """
    counts, k = coder_pairs[: len(CAUSES), : len(CAUSES)], len(CAUSES)
    total = float(counts.sum())
    pairs = round(total / 2)
    if not pairs:
        return CoderAgreement(0, np.nan, np.nan, 1.0, 0.0)
    agreed = float(np.trace(counts) / total)
    by_chance = float(((counts.sum(axis=1) / total) ** 2).sum())
    kappa = (agreed - by_chance) / (1 - by_chance) if by_chance < 1 else np.nan
    if pairs < LEAST_PAIRS:
        return CoderAgreement(pairs, agreed, kappa, 1.0, 0.0)
    reliable = float(np.sqrt(max((agreed - 1 / k) / (1 - 1 / k), LEAST_RELIABLE**2)))
    smoothed = (agreed * pairs + 1) / (pairs + 2)  # full agreement of a few is no proof of none wrong
    spread = np.sqrt(smoothed * (1 - smoothed) / pairs) / (1 - 1 / k)
    return CoderAgreement(pairs, agreed, kappa, reliable, float(spread / (2 * reliable)))


def corrected_answers(coded: Array, reliable: float) -> Array:
    """Codings without what chance puts into them, right on average; rows that sum to one still do; (n, 6)."""
    return (coded - (1 - reliable) / len(CAUSES) * coded.sum(axis=1, keepdims=True)) / reliable
