"""How far the model was off on programmes built otherwise: the error that no number of members removes.

Measured on the development half. For shares and for avoidable churn,

    delta^2 = mean over worlds and causes of (logit estimate - logit truth)^2 - variance of the resamples,

at least zero, apart for worlds with few and many answers, and for causes with and without records of their own;
never less with fewer answers, nor without records, than with them. Programmes that are as the method assumes
do not count.
The temperature is the T at which chances p^(1/T), made to sum to one, give the true causes the largest
likelihood (temperature scaling: Guo et al. 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import optimize, special
from yardstick_rows import PlantedEvents

from whychurn.causes.latent_cause.member_chances import tempered
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES

LEAST: Final = 0.01  # shares below one point count as one point: their log-odds are of no use to anybody
MIN_VALUES: Final = 12  # causes of worlds that a figure of its own takes; two worlds
ANSWERS: Final = ("under_100", "to_300", "over_300")
RECORDS: Final = ("with_records", "without_records")
PARTS: Final = {"shares": "share", "avoidable": "avoidable"}
TEMPERATURES: Final = (0.5, 5.0)


def model_errors(shares: pd.DataFrame, planted: PlantedEvents, answers: int) -> pd.DataFrame:
    """Errors of the model's own shares in one world: cause, answers, records, and for share and avoidable the
    squared error of the log-odds and the variance of resamples (`<name>_squared`, `<name>_sampling`).

    Causes that do nothing are left out: their log-odds have no bound. They are judged apart.

    Parameters
    ----------
    shares
        The model's rows: cause, share, avoidable_share, sampling_sd, avoidable_sampling_sd, has_records.
    answers
        Leavers who answered the exit survey.
    """
    table = shares.set_index("cause").reindex(list(CAUSES))
    rows = pd.DataFrame({"cause": CAUSES, "answers": _answers_class(answers)})
    rows["records"] = np.where(table["has_records"].fillna(True).astype(bool), *RECORDS)
    for name, column, true in (
        ("share", "share", planted.share),
        ("avoidable", "avoidable_share", planted.avoidable),
    ):
        prefix = "" if name == "share" else "avoidable_"
        estimate = table[column].to_numpy("float64")
        squared = (_log_odds(estimate) - _log_odds(true)) ** 2
        rows[f"{name}_squared"] = np.where(true > 0, squared, np.nan)
        rows[f"{name}_sampling"] = table[f"{prefix}sampling_sd"].to_numpy("float64") ** 2
    return rows


def _answers_class(answers: int) -> str:
    return ANSWERS[0] if answers < 100 else ANSWERS[1] if answers <= 300 else ANSWERS[2]


def _log_odds(share: Array) -> Array:
    return np.asarray(special.logit(np.clip(share, LEAST, 1 - LEAST)))


def error_table(errors: pd.DataFrame) -> dict[str, dict[str, dict[str, float]]]:
    """Delta by part (shares, avoidable), answers and records; from rows of `model_errors` of all worlds.

    A cell with fewer than `MIN_VALUES` values takes the delta of all answers with the same records, and where
    these are too few as well, of all.
    """
    found: dict[str, dict[str, dict[str, float]]] = {}
    for part, name in PARTS.items():
        values = errors[f"{name}_squared"] - errors[f"{name}_sampling"]
        delta = [[_delta(values, errors, answers, records) for records in RECORDS] for answers in ANSWERS]
        least = np.maximum.accumulate(np.array(delta)[::-1], axis=0)[::-1]  # from many answers to few
        least = np.maximum.accumulate(least, axis=1)
        found[part] = {
            answers: dict(zip(RECORDS, row.tolist(), strict=True))
            for answers, row in zip(ANSWERS, least, strict=True)
        }
    return found


def _delta(values: pd.Series, errors: pd.DataFrame, answers: str, records: str) -> float:
    same = errors["records"] == records
    for rows in (same & (errors["answers"] == answers), same, same | True):
        chosen = values[rows].dropna()
        if len(chosen) >= MIN_VALUES:
            return round(float(np.sqrt(max(chosen.mean(), 0.0))), 3)
    raise ValueError(f"fewer than {MIN_VALUES} errors were measured")


def best_temperature(posteriors: Sequence[tuple[Array, Array]]) -> float:
    """Factor by which the temperature of the model's chances should change.

    Parameters
    ----------
    posteriors
        Of each world the chances that the model gave, whose mean is its shares, and ones for the true causes;
        both (n, 6). Each world weighs the same.
    """

    def loss(temperature: float) -> float:
        """-sum of q ln p, p as the model makes it at this temperature: the shares stay."""
        losses = []
        for p, q in posteriors:
            again = tempered(p, np.ones(len(p), bool), p.mean(axis=0), temperature)
            losses.append(-(q * np.log(np.clip(again, 1e-6, 1.0))).sum(axis=1).mean())
        return float(np.mean(losses))

    return float(optimize.minimize_scalar(loss, bounds=TEMPERATURES, method="bounded").x)


def measured_error(
    errors: pd.DataFrame, posteriors: Sequence[tuple[Array, Array]], temperature: float
) -> dict[str, Any]:
    """Content of measured_error.yaml.

    Parameters
    ----------
    errors
        Rows of `model_errors` of all worlds, with the column world.
    posteriors
        See `best_temperature`.
    temperature
        At which the model gave these chances.
    """
    return {
        "worlds": int(errors["world"].nunique()),
        "temperature": round(temperature * best_temperature(posteriors), 3),
        **error_table(errors),
    }
