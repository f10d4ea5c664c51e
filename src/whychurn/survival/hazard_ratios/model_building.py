"""The Cox models of a programme: covariates chosen, collinear ones dropped, assumptions checked, refitted.

Before: every covariate linear, one ratio for the whole stay. After: numeric covariates are splines where that
improves the information criterion; a category whose ratios change with tenure becomes a stratum; any other
term whose ratio changes is multiplied by log tenure, so that it has an early and a late ratio.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params, SurvivalParams
from whychurn.survival.cox.counting_process import StartStop
from whychurn.survival.hazard_ratios.assumption_remedies import (
    check_proportionality,
    choose_splines,
    recheck_proportionality,
    refit_with_remedies,
)
from whychurn.survival.hazard_ratios.collinearity import condition_number, correlations, drop_collinear
from whychurn.survival.hazard_ratios.covariates import OTHER, Covariate, choose_covariates, encode
from whychurn.survival.hazard_ratios.cox_model import (
    CURVE,
    CoxModel,
    NoCoxError,
    fit_or_penalise,
    named_terms,
    start_stop,
)

EVENTS_PER_VARIABLE: Final = 10.0  # Peduzzi et al. 1995, J. Clin. Epidemiol. 48
MIN_STRATUM_EVENTS: Final = 10  # a stratum with fewer leavers is pooled with the others that have few
MAX_VIF: Final = 5.0  # variance inflation: an error more than twice that of independent covariates


@dataclass(frozen=True)
class CoxModels:
    """Both models, and what was decided between them.

    Parameters
    ----------
    before, after
        Models without and with splines, strata and tenure terms.
    left_out
        feature -> absent, unknown, constant, rare, stratum, definition, few_events, collinear, no_estimate.
    collinearity
        `collinearity.drop_collinear`.
    condition
        Condition number of the design that is fitted.
    splines
        feature, gain (log likelihood), bends, p, kept.
    proportionality
        term, feature, p, p_adjusted, change, early_day, late_day, action, p_after, change_after.
    data, keys
        Rows of the first model, and the member_id and spell_no of each.
    given_up
        feature -> curve, tenure or stratified: had no finite estimate in the second model and was taken back.
    pooled
        Stratum column -> levels with too few leavers, pooled into one; not in the strata: no stratum at all.
    """

    before: CoxModel
    after: CoxModel
    left_out: dict[str, str]
    collinearity: pd.DataFrame
    condition: float
    splines: pd.DataFrame
    proportionality: pd.DataFrame
    data: StartStop
    keys: pd.DataFrame
    given_up: dict[str, str]
    pooled: dict[str, int] = field(default_factory=dict)


def build_cox_models(
    rows: pd.DataFrame, catalogue: pd.DataFrame, kind: str, params: Params, study_columns: Sequence[str]
) -> CoxModels:
    """Fit, check the assumptions, refit with remedies.

    Parameters
    ----------
    rows
        Start-stop rows with features: member_id, entry, exit, event and the columns of the catalogue
        (`spells.with_features`).
    kind
        "terms" or "inactivity": how churn is defined.
    study_columns
        The study's own columns, which enter after `covariates.COVARIATES`.

    Raises
    ------
    NoCoxError
        Too few leavers, or no usable covariate.
    """
    survival, cox = params.survival, params.survival.cox
    leavers = int((rows["event"] > 0).sum()) if len(rows) else 0
    if leavers < cox.min_events:
        raise NoCoxError("few_events")
    rows, strata, pooled = pooled_strata(rows, survival.cox_strata)
    chosen, left_out = choose_covariates(rows, catalogue, kind, survival, study_columns)
    terms, X = encode(rows, chosen)
    kept, collinear = drop_collinear(terms, correlations(X), MAX_VIF) if terms else ([], pd.DataFrame())
    left_out |= {one.name: "collinear" for one in chosen if one.name not in kept}
    chosen = _affordable([one for one in chosen if one.name in kept], leavers, left_out)
    if not chosen:
        raise NoCoxError("no_covariates")
    before, data = _first_model(rows, chosen, strata, survival, left_out)
    splines, knots = choose_splines(before, data, cox)
    tests = check_proportionality(before, params.run.false_discovery)
    after, given_up = refit_with_remedies(rows, before, knots, tests, cox)
    given_up_curves = [name for name, remedy in given_up.items() if remedy == CURVE]
    splines["kept"] &= ~splines["feature"].isin(given_up_curves)
    return CoxModels(
        before, after, left_out, collinear, condition_number(correlations(data.X)), splines,
        recheck_proportionality(tests, after, given_up), data, rows[["member_id", "spell_no"]], given_up,
        pooled,
    )  # fmt: skip


def pooled_strata(
    rows: pd.DataFrame, columns: Sequence[str]
) -> tuple[pd.DataFrame, tuple[str, ...], dict[str, int]]:
    """`rows` whose strata have enough leavers each, the columns that are left, and levels pooled by column.

    Only members of one stratum are compared, so a stratum with few leavers (a postcode with one member) tells
    next to nothing. Levels with fewer than `MIN_STRATUM_EVENTS` leavers are one; a column without two levels
    that have so many is no stratum.
    """
    kept, pooled = [], {}
    for name in columns:
        if name not in rows or not rows[name].notna().any():
            continue
        text = rows[name].astype("string").fillna(OTHER)
        events = text[(rows["event"] > 0).to_numpy(dtype=bool)].value_counts().to_dict()
        levels = [str(level) for level in text.unique()]
        few = [level for level in levels if events.get(level, 0) < MIN_STRATUM_EVENTS]
        if few:
            pooled[name] = len(few)
        if len(levels) == 1 or len(levels) - len(few) >= 2:
            kept.append(name)
            rows = rows.assign(**{name: text.where(~text.isin(few), OTHER)}) if few else rows
    return rows, tuple(kept), pooled


def _affordable(chosen: list[Covariate], leavers: int, left_out: dict[str, str]) -> list[Covariate]:
    """The first covariates, as many as the leavers can tell apart."""
    kept, terms = [], 0
    for covariate in chosen:
        terms += len(covariate.terms())
        if terms * EVENTS_PER_VARIABLE > leavers:
            left_out[covariate.name] = "few_events"
        else:
            kept.append(covariate)
    return kept


def _first_model(
    rows: pd.DataFrame,
    chosen: list[Covariate],
    strata: tuple[str, ...],
    params: SurvivalParams,
    left_out: dict[str, str],
) -> tuple[CoxModel, StartStop]:
    """The plain model; covariates without an estimate, penalised or not, are left out."""
    while chosen:
        terms, X = encode(rows, chosen)
        data = start_stop(rows, terms, X, strata)
        try:
            fit, penalised = fit_or_penalise(data, params.cox)
        except WhychurnError as error:
            named = {term.feature for term in terms if term.name in named_terms(error)} or {chosen[-1].name}
            left_out |= dict.fromkeys(named, "no_estimate")
            chosen = [one for one in chosen if one.name not in named]
            continue
        return CoxModel(chosen, terms, fit, strata=strata, penalised=penalised), data
    raise NoCoxError("no_covariates")
