"""Causes from answered exit surveys: what leavers say, weighted for those who do not answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.params import SurvivalParams
from whychurn.contract.results import columns_of
from whychurn.panel.exit_surveys import SILENT, exit_answers
from whychurn.survival.competing_risks.cumulative_incidence import CauseWeights

SHARES: Final = columns_of("stated_shares", "suppressed")


@dataclass(frozen=True)
class Stated:
    """What leavers said, and how it is weighted.

    Parameters
    ----------
    leavings
        member_id, spell_no, exit, reason (as `panel.exit_answers` codes it, `SILENT` whether asked or not), p_answer.
    weights
        For `incidence.cause_incidence`.
    shares
        cause, answers (number), share (of the answers), weighted (of all leavings).
    facts
        leavers, answered, answer_share, effective (Kish's number of answers), answer_auc (how far what is known of leavers
        tells who answers; one half: not at all).
    """

    leavings: pd.DataFrame
    weights: CauseWeights
    shares: pd.DataFrame
    facts: dict[str, float | None]


def stated_weights(
    stays: pd.DataFrame,
    spells: pd.DataFrame,
    surveys: pd.DataFrame,
    panel: pd.DataFrame,
    params: SurvivalParams,
) -> Stated | None:
    """Fractional causes of each leaving, from answered exit surveys.

    A leaver who named a cause counts wholly for it; one who answered something else is unknown. A silent leaver
    counts for each cause in the share that answers from the same band of stay length give, each answer weighted by
    its odds of silence ``(1 - p) / p``: inverse-probability weighting for non-response, written so that every leaving
    counts once. ``p`` comes from a logistic model on what was known of the leaver. It corrects for who
    answers as far as that is known, not for what is hidden (leavers of one cause may be more silent than like
    leavers of another), and not for answers that are untrue.

    Parameters
    ----------
    stays
        `spells.stay_rows` of members who may be profiled.
    spells
        Spells under the main definition, for the days of leaving and return.
    surveys
        Interim surveys; those of kind ``exit``.
    panel
        Monthly snapshots: what was known.

    Returns
    -------
    Stated, or None where fewer than ``answer_min`` leavers named a cause.
    """
    leavings = stays.loc[stays["event"], ["member_id", "spell_no", "exit"]].reset_index(drop=True)
    said = np.maximum(exit_answers(leavings, spells, surveys), SILENT)  # who was not asked is silent too
    if (np.isin(said, range(len(CAUSES)))).sum() < params.answer_min:
        return None
    answered = said != SILENT
    features = known_of(leavings, panel, params.answer_features)
    chance = answer_chance(features, answered, params)
    odds = np.minimum((1 - chance) / chance, params.answer_max_odds)
    band = answer_bands(leavings["exit"].to_numpy(), answered, params)

    def values(times: Array) -> Array:
        return _fractions(said, band, odds, times)

    ones = np.ones(len(leavings))
    weights = CauseWeights(leavings[["member_id", "spell_no"]], values(ones), values)
    found = leavings.assign(reason=said, p_answer=chance)
    return Stated(found, weights, _shares(said, weights.values), _facts(said, chance, odds))


def known_of(leavings: pd.DataFrame, panel: pd.DataFrame, features: list[str]) -> pd.DataFrame:
    """Numbers known of each leaver: the last snapshot of the stay (categories as flags, gaps flagged), stay length.

    Columns that do not vary are left out.
    """
    keys = ["member_id", "spell_no"]
    wanted = [name for name in features if name in panel]
    last = panel.sort_values("as_of").drop_duplicates(keys, keep="last")[[*keys, *wanted]]
    found = leavings[keys].merge(last, on=keys, how="left")
    columns: dict[str, Array] = {"stay": np.log(leavings["exit"].to_numpy(float))}
    for name in wanted:
        if pd.api.types.is_numeric_dtype(found[name]) or pd.api.types.is_bool_dtype(found[name]):
            number = found[name].astype("float64")
            middle = number.median() if number.notna().any() else 0.0
            columns[name] = number.fillna(middle).to_numpy()
            columns[f"{name}?"] = number.isna().to_numpy(float)
        else:
            flags = pd.get_dummies(found[name].astype("string"), prefix=name, dummy_na=True)
            columns |= {str(flag): flags[flag].to_numpy(float) for flag in flags}
    return pd.DataFrame({name: column for name, column in columns.items() if np.ptp(column) > 0})


def answer_chance(features: pd.DataFrame, answered: Array, params: SurvivalParams) -> Array:
    """Chance of each leaver to answer (ridge-penalised logistic model on standardised `features`)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    if answered.all() or features.empty:
        return np.full(len(answered), answered.mean())
    scaled = StandardScaler().fit_transform(features)
    model = LogisticRegression(C=params.answer_penalty, max_iter=500).fit(scaled, answered)
    return np.clip(model.predict_proba(scaled)[:, 1], 1e-3, 1.0)


def answer_bands(days: Array, answered: Array, params: SurvivalParams) -> Array:
    """Band of stay length of each leaving: as many bands as leave ``answer_min`` answers in each."""
    most = int(answered.sum()) // params.answer_min
    count = max(1, min(params.answer_bands, most))
    inner = np.quantile(days[answered], np.arange(1, count) / count)
    return np.searchsorted(np.unique(inner), days, side="left")


def _fractions(said: Array, band: Array, odds: Array, times: Array) -> Array:
    """Weights (n, 6) with each leaving counted `times`: answers as named, the silent by their band's answers."""
    named = np.eye(len(CAUSES) + 1)[np.where(said == SILENT, 0, said)] * (said != SILENT)[:, None]
    weight = named * (odds * times)[:, None]
    bands = int(band.max(initial=0)) + 1
    sums = np.array([np.bincount(band, column, bands) for column in weight.T]).T
    total, whole = sums.sum(axis=1, keepdims=True), sums.sum(axis=0)
    pooled = whole / whole.sum() if whole.sum() > 0 else np.zeros(len(whole))
    share = np.where(total > 0, sums / np.where(total > 0, total, 1), pooled)
    return np.where((said == SILENT)[:, None], share[band], named)[:, : len(CAUSES)]


def _shares(said: Array, values: Array) -> pd.DataFrame:
    counts = np.bincount(said[said != SILENT], minlength=len(CAUSES) + 1)
    weighted = values.mean(axis=0)
    frame = {
        "cause": [*CAUSES, UNKNOWN],
        "answers": counts.astype(float),
        "share": counts / max(counts.sum(), 1),
        "weighted": np.append(weighted, 1 - weighted.sum()),
    }
    return pd.DataFrame(frame).astype({"cause": "string"})


def _facts(said: Array, chance: Array, odds: Array) -> dict[str, float | None]:
    from sklearn.metrics import roc_auc_score

    answered = said != SILENT
    weight = 1 + odds[answered]
    return {
        "leavers": len(said),
        "answered": int(answered.sum()),
        "answer_share": float(answered.mean()),
        "effective": float(weight.sum() ** 2 / (weight**2).sum()),
        "answer_auc": None if answered.all() else float(roc_auc_score(answered, chance)),
    }
