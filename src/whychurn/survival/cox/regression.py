"""Cox regression with covariates that change in time: hazard ratios, robust variance, Schoenfeld residuals.

lifelines' CoxTimeVaryingFitter is the reference: coefficients and standard errors agree (tests, benchmarks).
It has no variance that allows for rows of one member and no fractional events, and needs minutes where this
needs seconds, hence a solver of our own.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

from whychurn.survival.cox.counting_process import RiskRows, StartStop, prepare_rows
from whychurn.survival.cox.newton import Newton, maximise
from whychurn.survival.cox.partial_likelihood import RiskSums, cumulated_over_rows


@dataclass(frozen=True)
class CoxFit:
    """A fitted Cox model; p terms.

    Parameters
    ----------
    coefficients
        Log hazard ratios, one a term, per unit of the covariate as given.
    model_covariance, robust_covariance
        Inverse of the information; sandwich over clusters (None where no clusters were given). Shape (p, p).
    schoenfeld
        Residuals x - mean over the risk set, one row an event, shape (event rows, p).
    event_day, event_weight
        Of the same rows.
    """

    terms: tuple[str, ...]
    coefficients: np.ndarray
    model_covariance: np.ndarray
    robust_covariance: np.ndarray | None
    log_likelihood: float
    log_likelihood_null: float
    steps: int
    rows: int
    clusters: int
    schoenfeld: np.ndarray
    event_day: np.ndarray
    event_weight: np.ndarray

    @property
    def events(self) -> float:
        """Sum of the events' weights."""
        return float(self.event_weight.sum())

    @property
    def covariance(self) -> np.ndarray:
        """Robust where there are clusters, else the model's."""
        return self.model_covariance if self.robust_covariance is None else self.robust_covariance


def fit_cox(data: StartStop, newton: Newton, start: np.ndarray | None = None) -> CoxFit:
    """Maximise the partial likelihood of start-stop rows, ties after Efron.

    Parameters
    ----------
    newton
        Settings of the maximisation. A ridge shrinks the coefficients, and intervals then no longer cover.
    start
        Coefficients to begin with, such as those of a narrower model filled up with zeros; they save steps.

    Raises
    ------
    WhychurnError
        No event, constant or collinear covariates, missing values, separation; the terms concerned are named.

    References
    ----------
    Efron (1977), J. Am. Stat. Assoc. 72; Lin and Wei (1989), J. Am. Stat. Assoc. 84, for the sandwich;
    Therneau and Grambsch (2000), Modeling Survival Data, chapters 3 and 7.
    """
    return fit_rows(prepare_rows(data), data.cluster, newton, start)


def fit_rows(
    rows: RiskRows, cluster: np.ndarray | None, newton: Newton, start: np.ndarray | None = None
) -> CoxFit:
    """`fit_cox` of rows that are prepared; `cluster` in the order of the rows as they were given."""
    sums, matrix, at_zero, steps = maximise(rows, newton, None if start is None else start * rows.scale)
    inverse = np.linalg.inv(matrix)
    unscale = np.outer(1 / rows.scale, 1 / rows.scale)
    robust, clusters = None, 0
    if cluster is not None:
        scores = _cluster_scores(rows, sums, cluster[rows.order])
        clusters = len(scores)
        robust = inverse @ (scores.T @ scores) @ inverse * unscale
    return CoxFit(
        terms=rows.terms,
        coefficients=sums.beta / rows.scale,
        model_covariance=inverse * unscale,
        robust_covariance=robust,
        log_likelihood=sums.log_likelihood,
        log_likelihood_null=at_zero,
        steps=steps,
        rows=len(rows.order),
        clusters=clusters,
        schoenfeld=(rows.X[rows.event_row] - _event_means(rows, sums)) * rows.scale,
        event_day=rows.cell_day[rows.event_cell],
        event_weight=rows.event_weight,
    )


def hazard_ratio_table(fit: CoxFit, confidence: float) -> pd.DataFrame:
    """term, coefficient, error, hazard_ratio, low, high, p (Wald; robust where the fit has clusters)."""
    error = np.sqrt(np.diag(fit.covariance))
    reach = norm.ppf(0.5 + confidence / 2) * error
    with np.errstate(over="ignore"):  # an interval may reach beyond what a float holds
        ratios = [np.exp(fit.coefficients + move) for move in (0, -reach, reach)]
    return pd.DataFrame(
        {
            "term": list(fit.terms),
            "coefficient": fit.coefficients,
            "error": error,
            "hazard_ratio": ratios[0],
            "low": ratios[1],
            "high": ratios[2],
            "p_value": 2 * norm.sf(np.abs(fit.coefficients) / error),
        }
    )


def joint_p(fit: CoxFit, terms: list[str]) -> float:
    """Wald test that all `terms` are without effect."""
    at = [fit.terms.index(term) for term in terms]
    part = fit.coefficients[at]
    return float(
        chi2.sf(part @ np.linalg.pinv(fit.covariance[np.ix_(at, at)], hermitian=True) @ part, len(at))
    )


def _event_means(rows: RiskRows, sums: RiskSums) -> np.ndarray:
    """Mean covariates over the risk set of each event, averaged over Efron's terms of its cell."""
    return (_cell_sums(rows, sums.means) / rows.cell_events[:, None])[rows.event_cell]


def _cluster_scores(rows: RiskRows, sums: RiskSums, cluster: np.ndarray) -> np.ndarray:
    """Score residuals summed over the rows of each cluster, shape (clusters, p).

    A row's residual is what it adds to the score with its event, less what the model expected of it while at risk.
    """
    columns = len(rows.terms)
    per_term = rows.cell_weight[rows.tie_cell] / sums.denominator
    hazard_means = _cell_sums(rows, sums.means * per_term[:, None])
    tied_means = _cell_sums(rows, sums.means * (per_term * rows.tie_share)[:, None])
    expected = cumulated_over_rows(rows, sums.hazard)
    expected_means = cumulated_over_rows(rows, hazard_means)
    codes, position = np.unique(cluster, return_inverse=True)
    scores = np.zeros((columns, len(codes)))
    of_row = np.repeat(expected, rows.group_rows)
    for column in range(columns):
        residual = np.repeat(expected_means[:, column], rows.group_rows) - rows.X[:, column] * of_row
        scores[column] = np.bincount(position, residual * sums.risk, len(codes))
    at, cell = rows.event_row, rows.event_cell
    left = sums.risk[at] * np.minimum(rows.event_weight, 1.0)
    event_X = rows.X[at]
    residual = rows.event_weight[:, None] * (event_X - _event_means(rows, sums))
    residual += left[:, None] * (event_X * sums.tied_hazard[cell, None] - tied_means[cell])
    for column in range(columns):
        np.add.at(scores[column], position[at], residual[:, column])
    return scores.T


def _cell_sums(rows: RiskRows, values: np.ndarray) -> np.ndarray:
    """Sums of values of Efron's terms in each cell."""
    starts = np.flatnonzero(np.r_[True, np.diff(rows.tie_cell) > 0])
    return np.add.reduceat(values, starts, axis=0)
