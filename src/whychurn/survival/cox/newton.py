"""Newton's method for Cox's partial likelihood, with errors that name the terms without a maximum."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from whychurn.contract.errors import WhychurnError
from whychurn.survival.cox.counting_process import RiskRows
from whychurn.survival.cox.partial_likelihood import RiskSums, information, sum_risks

MAX_HALVINGS: Final = 20  # a step a million times shorter gains nothing either
MAX_LOG_HAZARD: Final = 12.0  # hazards e^12 apart: no covariate of a real programme reaches so far


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
        Most Newton steps of a fit, most halvings of a step.
    threads
        Blocks of rows worked on side by side; the result does not depend on it.
    """

    ridge: float
    tolerance: float
    max_steps: int
    threads: int
    max_halvings: int = MAX_HALVINGS


def maximise(
    rows: RiskRows, newton: Newton, start: np.ndarray | None = None
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
    # narrow products: BLAS threads wait more than they work
    with threadpool_limits(limits=1, user_api="blas"):
        return _iterate(rows, newton, start)


def _iterate(
    rows: RiskRows, newton: Newton, start: np.ndarray | None
) -> tuple[RiskSums, np.ndarray, float, int]:
    sums = sum_risks(rows, np.zeros(len(rows.terms)), newton.threads)
    at_zero = sums.log_likelihood
    if start is not None and (near := sum_risks(rows, start, newton.threads)).log_likelihood > at_zero:
        sums = near
    for step_number in range(newton.max_steps):
        matrix = information(rows, sums, newton.threads) + newton.ridge * np.eye(len(rows.terms))
        slope = sums.gradient - newton.ridge * sums.beta
        step = _solve(rows, sums.beta, matrix, slope)
        if slope @ step / 2 < newton.tolerance:
            _check_separation(rows, sums, matrix, newton.ridge)
            return sums, matrix, at_zero, step_number
        sums = _line_search(rows, sums, step, newton)
    _check_separation(rows, sums, matrix, newton.ridge)
    raise WhychurnError(
        f"Cox regression found no maximum in {newton.max_steps} steps",
        remedy="fewer covariates, or a larger survival.cox.ridge",
    )


def _line_search(rows: RiskRows, sums: RiskSums, step: np.ndarray, newton: Newton) -> RiskSums:
    """Along `step`, halved until the penalised log likelihood does not fall."""
    before = sums.log_likelihood - newton.ridge / 2 * sums.beta @ sums.beta
    for _ in range(newton.max_halvings):
        beta = sums.beta + step
        new = sum_risks(rows, beta, newton.threads)
        after = new.log_likelihood - newton.ridge / 2 * beta @ beta
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
    """Raise where coefficients diverge: hazards far apart, and terms with that range and a larger error.

    Terms that nearly repeat each other, as those of a spline, have such ranges and errors too, but cancel in
    the hazards. A penalised maximum is finite, however far a covariate reaches.
    """
    if ridge > 0 or sums.risk.min() > np.exp(-MAX_LOG_HAZARD):
        return
    reach = np.abs(sums.beta / rows.scale * rows.span)
    error = np.sqrt(np.abs(np.diag(np.linalg.pinv(matrix))))
    separate = (reach > MAX_LOG_HAZARD) & (np.abs(sums.beta) < 2 * error)
    if separate.any():
        raise _separated([term for term, bad in zip(rows.terms, separate, strict=True) if bad])


def _separated(terms: list[str]) -> WhychurnError:
    return WhychurnError(
        "a covariate separates those who leave from those who stay: its hazard ratio has no finite estimate",
        column=", ".join(terms),
        remedy="leave it out, merge its groups, or set survival.cox.ridge above 0",
    )
