"""Cox's partial likelihood maximised by Newton's method, with a word where no finite maximum exists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from whychurn.contract.errors import WhychurnError
from whychurn.survival.cox.counting_process import RiskRows
from whychurn.survival.cox.partial_likelihood import RiskSums, information, sum_risks


@dataclass(frozen=True)
class Newton:
    """How the likelihood is maximised.

    Parameters
    ----------
    ridge
        Penalty ``ridge / 2 * b'b`` on the coefficients of standardised covariates; 0 none.
    tolerance
        Stop when a step would raise the log likelihood by less than this.
    max_steps, max_halvings
        Guards.
    threads
        Blocks of rows worked on side by side; the result does not depend on it.
    """

    ridge: float
    tolerance: float
    max_steps: int
    max_halvings: int
    threads: int


def maximise(
    rows: RiskRows, how: Newton, start: np.ndarray | None = None
) -> tuple[RiskSums, np.ndarray, float, int]:
    """Sums and information (ridge included) at the maximum, log likelihood at zero, number of steps.

    Parameters
    ----------
    start
        Coefficients of the standardised covariates to begin with, where they are better than zero.

    Raises
    ------
    WhychurnError
        If covariates are collinear, one separates those who leave from those who stay, or no maximum is reached.
    """
    with threadpool_limits(
        limits=1, user_api="blas"
    ):  # narrow products: its threads wait more than they work
        return _climb(rows, how, start)


def _climb(rows: RiskRows, how: Newton, start: np.ndarray | None) -> tuple[RiskSums, np.ndarray, float, int]:
    sums = sum_risks(rows, np.zeros(len(rows.terms)), how.threads)
    at_zero = sums.log_likelihood
    if start is not None and (near := sum_risks(rows, start, how.threads)).log_likelihood > at_zero:
        sums = near
    for step_number in range(how.max_steps):
        matrix = information(rows, sums, how.threads) + how.ridge * np.eye(len(rows.terms))
        slope = sums.gradient - how.ridge * sums.beta
        step = _solve(rows, sums.beta, matrix, slope)
        if slope @ step / 2 < how.tolerance:
            _check_separation(rows, sums, matrix, how.ridge)
            return sums, matrix, at_zero, step_number
        sums = _walk(rows, sums, step, how)
    _check_separation(rows, sums, matrix, how.ridge)
    raise WhychurnError(
        f"Cox regression found no maximum in {how.max_steps} steps",
        remedy="fewer covariates, or a larger survival.cox.ridge",
    )


def _walk(rows: RiskRows, sums: RiskSums, step: np.ndarray, how: Newton) -> RiskSums:
    """Along `step`, halved until the penalised log likelihood does not fall."""
    before = sums.log_likelihood - how.ridge / 2 * sums.beta @ sums.beta
    for _ in range(how.max_halvings):
        beta = sums.beta + step
        new = sum_risks(rows, beta, how.threads)
        after = new.log_likelihood - how.ridge / 2 * beta @ beta
        if np.isfinite(after) and after >= before - 1e-9 * abs(before):
            return new
        step = step / 2
    raise WhychurnError(
        "Cox regression finds no better coefficients",
        remedy="look for covariates of very different size, or set survival.cox.ridge above 0",
    )


def _solve(rows: RiskRows, beta: np.ndarray, matrix: np.ndarray, slope: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    if values[0] > 1e-9 * max(values[-1], 1e-300):
        return vectors @ ((vectors.T @ slope) / values)
    involved = [rows.terms[i] for i in np.flatnonzero(np.abs(vectors[:, 0]) > 0.1)]
    if beta.any():  # the information was sound at zero and ran out on the way
        raise _separated(involved)
    raise WhychurnError(
        "covariates repeat each other, or there are too few events to tell them apart",
        column=", ".join(involved),
        remedy="leave one of them out, or set survival.cox.ridge above 0",
    )


def _check_separation(rows: RiskRows, sums: RiskSums, matrix: np.ndarray, ridge: float) -> None:
    """Coefficients that run away: hazards e^12 apart, and terms with such a range and an error larger still.

    Terms that nearly repeat each other, as the bends of a curve, have such ranges and errors too, but cancel in the
    hazards.
    """
    if ridge > 0 or sums.risk.min() > np.exp(
        -12
    ):  # a penalised maximum is finite, however far a covariate reaches
        return
    reach = np.abs(sums.beta / rows.scale * rows.span)
    error = np.sqrt(np.abs(np.diag(np.linalg.pinv(matrix))))
    apart = (reach > 12) & (np.abs(sums.beta) < 2 * error)
    if apart.any():
        raise _separated([term for term, bad in zip(rows.terms, apart, strict=True) if bad])


def _separated(terms: list[str]) -> WhychurnError:
    return WhychurnError(
        "a covariate separates those who leave from those who stay: its hazard ratio has no finite estimate",
        column=", ".join(terms),
        remedy="leave it out, merge its groups, or set survival.cox.ridge above 0",
    )
