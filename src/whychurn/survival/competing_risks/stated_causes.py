"""Causes from answered exit surveys: reasons that leavers named, weighted for those who do not answer."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.params import SurvivalParams
from whychurn.contract.results import columns_of
from whychurn.panel.exit_surveys import SILENT, exit_answers
from whychurn.survival.competing_risks.cumulative_incidence import CauseWeights

SHARES: Final = columns_of("stated_shares", "suppressed")
RESPONSE_PENALTY: Final = 1.0  # inverse strength of the ridge in the response model: scikit-learn's default
MAX_RESPONSE_ODDS: Final = 10.0  # an answer stands for at most so many silent leavers: bounds the variance


@dataclass(frozen=True)
class StatedCauses:
    """Reasons that leavers named, and their weights.

    Parameters
    ----------
    events
        member_id, spell_no, exit, reason (as `panel.exit_answers` codes it, `SILENT` whether asked or not),
        p_answer.
    weights
        For `cumulative_incidence.cause_incidence`.
    shares
        cause, answers (number), share (of the answers), weighted (of all churn events).
    facts
        leavers, answered, answer_share, effective (Kish's number of answers), answer_auc (how far the
        features predict who answers; one half: not at all).
    """

    events: pd.DataFrame
    weights: CauseWeights
    shares: pd.DataFrame
    facts: dict[str, float | None]


def stated_weights(
    stays: pd.DataFrame,
    spells: pd.DataFrame,
    surveys: pd.DataFrame,
    panel: pd.DataFrame,
    params: SurvivalParams,
) -> StatedCauses | None:
    """Fractional causes of each churn event, from answered exit surveys.

    A leaver who named a cause counts wholly for it; one who answered something else is unknown. A silent
    leaver counts for each cause in the share that answers from the same band of stay length give, each answer
    weighted by its odds of silence ``(1 - p) / p``: inverse-probability weighting for non-response, written
    so that every event counts once. ``p`` comes from a logistic model on the leaver's features. It corrects
    for who answers as far as features predict it, not for what is hidden (leavers of one cause may be more
    silent than similar leavers of another), and not for answers that are untrue.

    Parameters
    ----------
    stays
        `spells.stay_rows` of members who may be profiled.
    spells
        Spells under the main definition, for the days of churn and return.
    surveys
        Interim surveys; those of kind ``exit``.
    panel
        Monthly snapshots with the features.

    Returns
    -------
    StatedCauses, or None where fewer than ``answer_min`` leavers named a cause.
    """
    events = stays.loc[stays["event"], ["member_id", "spell_no", "exit"]].reset_index(drop=True)
    reason = np.maximum(exit_answers(events, spells, surveys), SILENT)  # who was not asked is silent too
    if (np.isin(reason, range(len(CAUSES)))).sum() < params.answer_min:
        return None
    answered = reason != SILENT
    probability = response_probability(event_features(events, panel, params.answer_features), answered)
    odds = np.minimum((1 - probability) / probability, MAX_RESPONSE_ODDS)
    band = answer_bands(events["exit"].to_numpy(), answered, params)

    def reweight(times: np.ndarray) -> np.ndarray:
        return _fractions(reason, band, odds, times)

    weights = CauseWeights(events[["member_id", "spell_no"]], reweight(np.ones(len(events))), reweight)
    facts = _facts(answered, probability, odds)
    events = events.assign(reason=reason, p_answer=probability)
    return StatedCauses(events, weights, _shares(reason, weights.values), facts)


def event_features(events: pd.DataFrame, panel: pd.DataFrame, features: list[str]) -> pd.DataFrame:
    """Numeric features of each leaver: last snapshot (categories as flags, gaps flagged) and stay length.

    Columns that do not vary are left out.
    """
    keys = ["member_id", "spell_no"]
    present = [name for name in features if name in panel]
    of_leavers = panel.loc[panel["member_id"].isin(events["member_id"]), [*keys, "as_of", *present]]
    last = of_leavers.sort_values("as_of").drop_duplicates(keys, keep="last").drop(columns="as_of")
    values = events[keys].merge(last, on=keys, how="left")
    columns: dict[str, np.ndarray] = {"stay": np.log(events["exit"].to_numpy(float))}
    for name in present:
        if pd.api.types.is_numeric_dtype(values[name]) or pd.api.types.is_bool_dtype(values[name]):
            number = values[name].astype("float64")
            median = number.median() if number.notna().any() else 0.0
            columns[name] = number.fillna(median).to_numpy()
            columns[f"{name}?"] = number.isna().to_numpy(float)
        else:
            flags = pd.get_dummies(values[name].astype("string"), prefix=name, dummy_na=True)
            columns |= {str(flag): flags[flag].to_numpy(float) for flag in flags}
    return pd.DataFrame({name: column for name, column in columns.items() if np.ptp(column) > 0})


def response_probability(features: pd.DataFrame, answered: np.ndarray) -> np.ndarray:
    """Probability of each leaver to answer (ridge-penalised logistic model on standardised `features`)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    if answered.all() or features.empty:
        return np.full(len(answered), answered.mean())
    scaled = StandardScaler().fit_transform(features)
    model = LogisticRegression(C=RESPONSE_PENALTY, max_iter=500).fit(scaled, answered)
    return np.clip(model.predict_proba(scaled)[:, 1], 1e-3, 1.0)


def answer_bands(days: np.ndarray, answered: np.ndarray, params: SurvivalParams) -> np.ndarray:
    """Band of stay length of each event: as many bands as leave ``answer_min`` answers in each."""
    most = int(answered.sum()) // params.answer_min
    count = max(1, min(params.answer_bands, most))
    inner = np.quantile(days[answered], np.arange(1, count) / count)
    return np.searchsorted(np.unique(inner), days, side="left")


def _fractions(reason: np.ndarray, band: np.ndarray, odds: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Weights (n, 6), each event counted `times`: answers as named, the silent by their band."""
    silent = (reason == SILENT)[:, None]
    named = np.eye(len(CAUSES) + 1)[np.where(reason == SILENT, 0, reason)] * ~silent
    weight = named * (odds * times)[:, None]
    bands = int(band.max(initial=0)) + 1
    sums = np.array([np.bincount(band, column, bands) for column in weight.T]).T
    total, whole = sums.sum(axis=1, keepdims=True), sums.sum(axis=0)
    pooled = whole / whole.sum() if whole.sum() > 0 else np.zeros(len(whole))
    share = np.where(total > 0, sums / np.where(total > 0, total, 1), pooled)
    return np.where(silent, share[band], named)[:, : len(CAUSES)]


def _shares(reason: np.ndarray, values: np.ndarray) -> pd.DataFrame:
    counts = np.bincount(reason[reason != SILENT], minlength=len(CAUSES) + 1)
    weighted = values.mean(axis=0)
    frame = {
        "cause": [*CAUSES, UNKNOWN],
        "answers": counts.astype(float),
        "share": counts / max(counts.sum(), 1),
        "weighted": np.append(weighted, 1 - weighted.sum()),
    }
    return pd.DataFrame(frame).astype({"cause": "string"})


def _facts(answered: np.ndarray, probability: np.ndarray, odds: np.ndarray) -> dict[str, float | None]:
    from sklearn.metrics import roc_auc_score

    weight = 1 + odds[answered]
    return {
        "churn_events": len(answered),
        "answered": int(answered.sum()),
        "answer_share": float(answered.mean()),
        "effective": float(weight.sum() ** 2 / (weight**2).sum()),
        "answer_auc": None if answered.all() else float(roc_auc_score(answered, probability)),
    }
