"""How fast members leave after they wrote about a topic or a cause: a time-varying exposure.

A row's exposure is what the member wrote in the ``said_days`` before the row begins, so nothing is read from
later. Comments of exit surveys are left out: they are written because somebody leaves. Covariates that are
themselves made of feedback (tickets, unresolved complaints) are no controls here: they restate the exposure.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError
from whychurn.contract.fit_records import FitRecord
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of
from whychurn.contract.suppression import suppress_small_counts
from whychurn.survival.cox.counting_process import RiskRows, StartStop, prepare_rows
from whychurn.survival.cox.regression import fit_rows, hazard_ratio_table
from whychurn.survival.hazard_ratios.covariates import MIN_LEVEL_EVENTS
from whychurn.survival.hazard_ratios.cox_model import newton_settings
from whychurn.survival.hazard_ratios.model_building import CoxModels

COLUMNS: Final = columns_of("topic_hazard")
EXIT_SOURCES: Final = ("survey_exit", "survey_interview")
MIN_PROBABILITY: Final = 0.5  # from here on a text counts as being about a cause
_SECONDS: Final = 34  # bits of a date in seconds since 1970, below the member's code
WALD: Final = ["hazard_ratio", "low", "high", "p_value"]


@dataclass(frozen=True)
class _ControlledRows:
    """Rows of the first model without covariates made of feedback, ready to take one exposure more.

    Parameters
    ----------
    prepared
        `data` as `counting_process.prepare_rows` gives it.
    start
        Coefficients of the first model.
    member_id
        Of each row.
    """

    data: StartStop
    prepared: RiskRows
    start: np.ndarray
    member_id: pd.Series


def topic_hazard_ratios(
    models: CoxModels | None,
    stays: pd.DataFrame,
    feedback_topics: pd.DataFrame,
    catalogue: pd.DataFrame,
    params: Params,
) -> pd.DataFrame:
    """Hazard ratio of having written about each topic, each cause, or anything, against not having done so.

    One Cox model an exposure, beside the controls of the first model; robust intervals over members.

    Parameters
    ----------
    models
        `model_building.build_cox_models`; None where the data carry no model.
    stays
        `spells.stay_rows`: member_id, spell_no, started_on.
    feedback_topics
        Results file of that name.
    catalogue
        `panel.features.catalogue.study_catalogue`.

    Returns
    -------
    `COLUMNS`: kind (any, cause, topic) and name; texts, exposed members, and those who left while exposed; p
    adjusted within the kind (Benjamini & Hochberg 1995). Exposures with fewer leavers than `MIN_LEVEL_EVENTS`
    have no ratio. Associated, never caused: those who write differ in other ways too.
    """
    texts = text_exposures(feedback_topics)
    if models is None or texts.empty:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in COLUMNS})
    keys = ["member_id", "spell_no"]
    starts = models.keys.merge(stays[[*keys, "started_on"]], on=keys, how="left", validate="many_to_one")
    days = starts["started_on"] + pd.to_timedelta(models.data.entry, unit="D")
    rows, table = _controlled_rows(models, catalogue), []
    for (kind, name), of_name in texts.groupby(["kind", "name"], sort=True):
        exposed = exposed_within(rows.member_id, days, of_name, params.survival.said_days)
        ratio = _ratio(rows, exposed, params)
        table.append({"kind": kind, "name": name, "texts": len(of_name), **ratio})
    ratios = pd.DataFrame(table, columns=[*COLUMNS[:-2]])
    for _, place in ratios[ratios["p_value"].notna()].groupby("kind").groups.items():
        ratios.loc[place, "p_adjusted"] = false_discovery_control(ratios.loc[place, "p_value"].astype(float))
    counts = {"members": [*WALD, "p_adjusted", "texts"], "churn_events": []}
    ratios = ratios.reindex(columns=COLUMNS[:-1])
    return suppress_small_counts(ratios, counts, params.privacy.min_cell)[COLUMNS]


def text_exposures(feedback_topics: pd.DataFrame) -> pd.DataFrame:
    """What each text exposes its writer to: member_id, known_on, kind, name; several rows a text."""
    texts = feedback_topics[~feedback_topics["source"].isin(EXIT_SOURCES) & feedback_topics["p_none"].notna()]
    base = texts[["member_id", "known_on"]]
    parts = [base.assign(kind="any", name="any")]
    for cause in CAUSES:
        parts.append(base[texts[f"p_{cause}"].ge(MIN_PROBABILITY)].assign(kind="cause", name=cause))
    parts.append(base.assign(kind="topic", name=texts["topic_id"].astype(str))[texts["topic_id"].ge(0)])
    return pd.concat(parts, ignore_index=True)


def exposed_within(member_id: pd.Series, day: pd.Series, texts: pd.DataFrame, within_days: int) -> np.ndarray:
    """Whether each member wrote one of `texts` in the days before `day`, that day excluded; shape (n,)."""
    writer, writers = pd.factorize(texts["member_id"].astype(object))
    if not len(writers):
        return np.zeros(len(member_id), dtype=bool)
    member = pd.Index(writers).get_indexer(pd.Index(member_id.astype(object)))
    seconds, written = (dates.to_numpy("datetime64[s]").astype("int64") for dates in (day, texts["known_on"]))
    keys = np.sort((writer.astype("int64") << _SECONDS) + written)
    wanted = (member.astype("int64") << _SECONDS) + seconds
    latest = keys[np.maximum(np.searchsorted(keys, wanted) - 1, 0)]  # the last text before the day
    since = np.maximum(wanted - within_days * 86_400, member.astype("int64") << _SECONDS)
    return (member >= 0) & (latest < wanted) & (latest >= since)


def topic_hazard_fits(table: pd.DataFrame, params: Params) -> list[FitRecord]:
    """Record of the models for the tracker; none where no exposure has a ratio."""
    p = table["p_adjusted"].astype(float)
    if not p.notna().any():
        return []
    metrics = {"exposures": float(p.notna().sum()), "notable": float(p.lt(params.run.false_discovery).sum())}
    return [FitRecord("cox_said", {"said_days": params.survival.said_days}, metrics, ["topic_hazard"])]


def _controlled_rows(models: CoxModels, catalogue: pd.DataFrame) -> _ControlledRows:
    source = catalogue.set_index("name")["source"].astype(str)
    features = [term.feature for term in models.before.terms]
    kept = np.array([not source.get(feature, "").startswith("feedback") for feature in features], dtype=bool)
    names = tuple(np.array(models.data.terms, dtype=object)[kept])
    data = replace(models.data, terms=names, X=models.data.X[:, kept])
    start = models.before.fit.coefficients[kept]
    return _ControlledRows(data, prepare_rows(data), start, models.keys["member_id"].reset_index(drop=True))


def _ratio(rows: _ControlledRows, exposed: np.ndarray, params: Params) -> dict[str, Any]:
    event = rows.data.event > 0
    row: dict[str, Any] = {
        "members": int(rows.member_id[exposed].nunique()),
        "churn_events": int((event & exposed).sum()),
    }
    if min(row["churn_events"], (event & ~exposed).sum()) < MIN_LEVEL_EVENTS:
        return row
    newton = newton_settings(params.survival.cox)
    try:
        with_exposure = rows.prepared.with_term("exposed", exposed)
        fit = fit_rows(with_exposure, rows.data.cluster, newton, np.r_[rows.start, 0.0])
    except WhychurnError:  # no finite ratio
        return row
    ratio = hazard_ratio_table(fit, params.run.confidence).set_index("term").loc["exposed"]
    return row | {name: float(ratio[name]) for name in WALD}
