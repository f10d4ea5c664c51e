"""How fast members leave after they spoke of a topic or a cause: exposure as a covariate that changes with time.

A row's exposure is what was said in the `said_days` before the row begins, so nothing is read from later. Comments of
exit surveys are left out: they are written because somebody leaves. Covariates that are themselves made of feedback
(tickets, unresolved complaints) are no controls here: they restate the exposure.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError
from whychurn.contract.fits import FitRecord
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of
from whychurn.contract.suppression import suppress_small_counts
from whychurn.survival.cox.counting_process import RiskRows, StartStop, prepare_rows
from whychurn.survival.cox.regression import fit_rows, hazard_ratio_table
from whychurn.survival.hazard_ratios.model import newton
from whychurn.survival.hazard_ratios.specification import CoxStudy

SAID: Final = columns_of("topic_hazard")
EXIT: Final = "survey_exit"
NAMED: Final = 0.5  # probability from which a text counts as speaking of a cause
WALD: Final = ["hazard_ratio", "low", "high", "p"]


def said_hazard_ratios(
    study: CoxStudy | None,
    stays: pd.DataFrame,
    feedback_topics: pd.DataFrame,
    catalogue: pd.DataFrame,
    params: Params,
    min_cell: int,
) -> pd.DataFrame:
    """Hazard ratio of having spoken of each topic, each cause, or of anything, against not having done so.

    One Cox model an exposure, beside the controls of the first model of `study`; robust intervals over members.

    Parameters
    ----------
    study
        `cox_study.study_cox`; None where the data carry no model.
    stays
        `spells.stay_rows`: member_id, spell_no, started_on.
    feedback_topics
        Results file of that name.
    catalogue
        `panel.frame.study_catalogue`.

    Returns
    -------
    Columns `SAID`: kind (any, cause, topic) and name; texts, exposed members, and those who left while exposed; p
    adjusted within the kind (Benjamini & Hochberg 1995). Exposures with fewer leavers than ``cox.min_level_events`` have
    no ratio. Associated, never caused: those who speak differ in other ways too.
    """
    said = exposures(feedback_topics)
    if study is None or said.empty:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in SAID})
    rows = study.keys.merge(
        stays[["member_id", "spell_no", "started_on"]],
        on=["member_id", "spell_no"],
        how="left",
        validate="many_to_one",
    )
    days = rows["started_on"] + pd.to_timedelta(study.data.entry, unit="D")
    base = _controls(study, catalogue)
    start = study.before.fit.coefficients[[study.data.terms.index(term) for term in base.terms]]
    prepared, found = prepare_rows(base), []
    for (kind, name), texts in said.groupby(["kind", "name"], sort=True):
        exposed = spoke(rows["member_id"], days, texts, params.survival.said_days)
        found.append(
            {
                "kind": kind,
                "name": name,
                "texts": len(texts),
                **_ratio(base, prepared, rows, exposed, start, params),
            }
        )
    table = pd.DataFrame(found, columns=[name for name in SAID if name not in ("p_adjusted", "suppressed")])
    for _, place in table[table["p"].notna()].groupby("kind").groups.items():
        table.loc[place, "p_adjusted"] = false_discovery_control(table.loc[place, "p"].astype(float))
    counts = {"members": [*WALD, "p_adjusted", "texts"], "leavers": []}
    return suppress_small_counts(table.reindex(columns=SAID[:-1]), counts, min_cell)[SAID]


def exposures(feedback_topics: pd.DataFrame) -> pd.DataFrame:
    """What each text exposes its writer to: member_id, known_on, kind, name; several rows a text."""
    told = feedback_topics[feedback_topics["source"].ne(EXIT) & feedback_topics["p_none"].notna()]
    base = told[["member_id", "known_on"]]
    parts = [base.assign(kind="any", name="any")]
    parts += [base[told[f"p_{cause}"].ge(NAMED)].assign(kind="cause", name=cause) for cause in CAUSES]
    parts.append(base.assign(kind="topic", name=told["topic_id"].astype(str))[told["topic_id"].ge(0)])
    return pd.concat(parts, ignore_index=True)


def spoke(member_id: pd.Series, day: pd.Series, texts: pd.DataFrame, within_days: int) -> np.ndarray:
    """Whether each member wrote one of `texts` in the days before `day`, the day itself excluded."""
    asked = pd.DataFrame(
        {"member_id": member_id.astype(object).to_numpy(), "day": day.to_numpy("datetime64[ns]")}
    )
    asked = asked.assign(place=np.arange(len(asked))).sort_values("day", kind="stable")
    known = texts[["member_id", "known_on"]].astype({"member_id": object, "known_on": "datetime64[ns]"})
    last = pd.merge_asof(
        asked, known.sort_values("known_on", kind="stable"), left_on="day", right_on="known_on", by="member_id",
        allow_exact_matches=False, tolerance=pd.Timedelta(days=within_days),
    )  # fmt: skip
    exposed = np.zeros(len(asked), dtype=bool)
    exposed[last["place"].to_numpy()] = last["known_on"].notna().to_numpy()
    return exposed


def said_fits(table: pd.DataFrame, params: Params) -> list[FitRecord]:
    """What the tracker keeps."""
    known = table["p_adjusted"].astype(float)
    if not known.notna().any():
        return []
    metrics = {
        "exposures": float(known.notna().sum()),
        "notable": float(known.lt(params.run.false_discovery).sum()),
    }
    return [FitRecord("cox_said", {"said_days": params.survival.said_days}, metrics, ["topic_hazard"])]


def _controls(study: CoxStudy, catalogue: pd.DataFrame) -> StartStop:
    """Rows of the first model without the covariates that are made of feedback."""
    source = catalogue.set_index("name")["source"].astype(str)
    kept = [not source.get(term.feature, "").startswith("feedback") for term in study.before.terms]
    terms = tuple(term.name for term, keep in zip(study.before.terms, kept, strict=True) if keep)
    return replace(study.data, terms=terms, X=study.data.X[:, np.array(kept, dtype=bool)])


def _ratio(
    base: StartStop,
    prepared: RiskRows,
    rows: pd.DataFrame,
    exposed: np.ndarray,
    start: np.ndarray,
    params: Params,
) -> dict[str, Any]:
    left = base.event > 0
    facts: dict[str, Any] = {
        "members": int(rows.loc[exposed, "member_id"].nunique()),
        "leavers": int((left & exposed).sum()),
    }
    least = params.survival.cox.min_level_events
    if min((left & exposed).sum(), (left & ~exposed).sum()) < least:
        return facts
    try:
        fit = fit_rows(
            prepared.with_term("said", exposed), base.cluster, newton(params.survival.cox), np.r_[start, 0.0]
        )
    except WhychurnError:  # no finite ratio
        return facts
    own = hazard_ratio_table(fit, params.run.confidence).set_index("term").loc["said"]
    return facts | {name: float(own[name]) for name in WALD}
