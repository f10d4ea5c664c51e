"""Which covariates enter Cox regression, how each is coded, and in which step its hazard ratio is read.

The rule looks at no p value: `COVARIATES` names, for each candidate cause, the features that trace it, in
order of preference; the catalogue says in which step a feature's ratio is read. One that is not in the data,
constant, unknown for too many members or too rare is left out with its reason. What the definition of churn
is itself made of does not enter: where churn means inactivity, the days since the last order and counts of
the member's own activity restate the outcome and would show hazard ratios without meaning (`TERMS_COVARIATES`
holds them, for programmes whose members leave by ending a term).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from whychurn.contract.params import SurvivalParams

OTHER: Final = "other"
# of collinear ones the one that stands last is dropped
COVARIATES: Final = (
    "price_rise_since_joining", "plan_price", "discount_depth_90d", "coupons_received_90d",
    "return_share_180d", "tickets_90d", "app_faults_90d", "unresolved_180d",
    "push_sent_90d", "push_dismiss_rate_90d", "opted_out",
    "greetings_180d", "offers_expired_90d", "points_balance",
    "competitor_price_gap", "competitor_activity_30d",
    "moved_180d", "age_years",
    "order_value_180d", "returned_before", "channel",
)  # fmt: skip
TERMS_COVARIATES: Final = (
    "visits_90d", "community_90d", "orders_90d", "days_since_last_interaction", "auto_renews",
    "renewals_so_far",
)  # fmt: skip
# a level or flag with fewer leavers has no term of its own (events per variable)
MIN_LEVEL_EVENTS: Final = 10
# a feature unknown in a larger share of the rows says more about the gaps than the members
MAX_UNKNOWN: Final = 0.3
# from this share on, "not known" has a term of its own; below, the median stands in
UNKNOWN_TERM: Final = 0.05
Kind = Literal["number", "flag", "category"]


@dataclass(frozen=True)
class Covariate:
    """One feature as it enters the model.

    Parameters
    ----------
    step
        Change of the value that the hazard ratio is read for.
    standardised
        The step is one standard deviation.
    fill
        Value in place of an unknown one (median of the known ones; flags: 0).
    unknown_term
        Unknown values are frequent enough to have a term of their own.
    levels
        Categories with a term; the first is the reference, others count as `OTHER`.
    """

    name: str
    kind: Kind
    step: float
    standardised: bool
    unit: str
    cause: str | None
    en: str
    zh: str
    fill: float
    unknown_term: bool
    unknown_share: float
    levels: tuple[str, ...] = ()

    def terms(self) -> list[Term]:
        """Columns of the design that the feature makes."""
        if self.kind == "category":
            return [Term(f"{self.name}={level}", self.name, "level", level) for level in self.levels[1:]]
        unknown = [Term(f"{self.name}:unknown", self.name, "unknown", "")] if self.unknown_term else []
        return [Term(self.name, self.name, self.kind, ""), *unknown]


@dataclass(frozen=True)
class Term:
    """A column of the design: number, flag, level, unknown, curve (of a spline), tenure (times its log)."""

    name: str
    feature: str
    kind: str
    level: str


def choose_covariates(
    rows: pd.DataFrame,
    catalogue: pd.DataFrame,
    kind: str,
    params: SurvivalParams,
    study_columns: Sequence[str] = (),
) -> tuple[list[Covariate], dict[str, str]]:
    """Covariates in the order of `COVARIATES`, and why each other one is left out.

    Parameters
    ----------
    rows
        Start-stop rows with ``event`` and the features.
    catalogue
        `panel.features.catalogue.load_catalogue`, with the study's own columns (family profile, source
        members).
    kind
        "terms" or "inactivity": how churn is defined.
    study_columns
        The study's own columns, which enter after `COVARIATES`.

    Returns
    -------
    covariates, and reasons: absent, unknown, constant, rare, stratum, definition.
    """
    entries = {entry["name"]: entry for entry in catalogue.to_dict("records")}
    names = [*COVARIATES, *study_columns, *(TERMS_COVARIATES if kind == "terms" else ())]
    left_out = {} if kind == "terms" else {name: "definition" for name in TERMS_COVARIATES if name in rows}
    chosen = []
    for name in dict.fromkeys(names):
        if name in params.cox_strata:
            left_out[name] = "stratum"
        elif name not in rows or name not in entries:
            left_out[name] = "absent"
        else:
            covariate = _covariate(rows[name], rows["event"].to_numpy(float), entries[name])
            if isinstance(covariate, str):
                left_out[name] = covariate
            else:
                chosen.append(covariate)
    return chosen, left_out


def _covariate(values: pd.Series, event: np.ndarray, entry: Mapping[Any, Any]) -> Covariate | str:
    """The covariate, or why it cannot enter."""
    unknown = float(values.isna().mean())
    if unknown > MAX_UNKNOWN:
        return "absent" if unknown == 1 else "unknown"
    kind: Kind = entry["kind"]
    levels: tuple[str, ...] = ()
    fill, size, standardised = 0.0, 1.0, False
    if kind == "category":
        levels = _levels(values, event)
        if len(levels) < 2:
            return "constant"
    else:
        numbers = as_numbers(values)
        finite = numbers[~np.isnan(numbers)]
        if finite.min() == finite.max():
            return "constant"
        fill = float(np.median(finite)) if kind == "number" else 0.0
        if kind == "flag" and _rare(numbers, event):
            return "rare"
        standardised = kind == "number" and entry["step"] == "sd"
        size = float(finite.std()) if standardised else (float(entry["step"]) if kind == "number" else 1.0)
    missing = values.isna().to_numpy(float)
    cause = entry.get("cause")
    return Covariate(
        name=entry["name"],
        kind=kind,
        step=size,
        standardised=standardised,
        unit=str(entry.get("unit") or ""),
        cause=cause if isinstance(cause, str) else None,
        en=str(entry["en"]),
        zh=str(entry["zh"]),
        fill=fill,
        unknown_term=kind != "category" and unknown >= UNKNOWN_TERM and not _rare(missing, event),
        unknown_share=unknown,
        levels=levels,
    )


def _rare(flag: np.ndarray, event: np.ndarray) -> bool:
    """Too few events with, or without, the flag."""
    on = np.nan_to_num(flag) > 0
    return bool(min((event[on] > 0).sum(), (event[~on] > 0).sum()) < MIN_LEVEL_EVENTS)


def _levels(values: pd.Series, event: np.ndarray) -> tuple[str, ...]:
    """Levels with enough events, the most frequent first; all others (and unknown) together are one."""
    text = values.astype("string").fillna(OTHER)
    events = pd.Series(event > 0).groupby(text.to_numpy()).sum()
    by_size = text.value_counts().index
    kept = [str(level) for level in by_size if level != OTHER and events[level] >= MIN_LEVEL_EVENTS]
    rest = int(sum(count for level, count in events.items() if level not in kept))
    return tuple([*kept, OTHER] if rest >= MIN_LEVEL_EVENTS else kept)


def as_numbers(values: pd.Series) -> np.ndarray:
    """Floats, unknown as NaN."""
    if pd.api.types.is_bool_dtype(values) or str(values.dtype) == "boolean":
        return values.astype("boolean").astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    return pd.to_numeric(values, errors="coerce").astype("float64").to_numpy(na_value=np.nan)


def encode(frame: pd.DataFrame, covariates: list[Covariate]) -> tuple[list[Term], np.ndarray]:
    """Terms and design matrix (rows × terms), numbers in units of their step."""
    columns: list[np.ndarray] = []
    for covariate in covariates:
        values, levels = frame[covariate.name], covariate.levels
        if covariate.kind == "category":
            text = values.astype("string").fillna(OTHER)
            text = text.where(text.isin(list(levels)), OTHER if OTHER in levels else levels[0])
            columns += [(text == level).to_numpy(float) for level in levels[1:]]
            continue
        numbers = as_numbers(values)
        missing = np.isnan(numbers) | np.isinf(numbers)
        columns.append(np.where(missing, covariate.fill, numbers) / covariate.step)
        if covariate.unknown_term:
            columns.append(missing.astype(float))
    terms = [term for covariate in covariates for term in covariate.terms()]
    return terms, np.column_stack(columns) if columns else np.empty((len(frame), 0))
