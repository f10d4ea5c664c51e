"""What changes when the churn definition changes: length of stay, hazard ratios, causes."""

import logging
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, stack, typed
from whychurn.survival.competing_risks.cumulative_incidence import cause_incidence
from whychurn.survival.competing_risks.stated_causes import stated_weights
from whychurn.survival.cox.counting_process import StartStop
from whychurn.survival.cox.regression import fit_cox, hazard_ratio_table
from whychurn.survival.hazard_ratios.covariates import MIN_LEVEL_EVENTS, Term
from whychurn.survival.hazard_ratios.cox_model import newton_settings, start_stop
from whychurn.survival.nonparametric.kaplan_meier import MEANS, kaplan_meier_tables, stay_columns
from whychurn.survival.spells import SurvivalInputs, profiled_members, stay_rows

log = logging.getLogger(__name__)
STAYS: Final = ["definition", "is_main", "grace_days", "censored_on", *MEANS[2:]]
EFFECTS: Final = columns_of("survival_sensitivity")
FIXED: Final = ("region", "channel")
RATIO, LEFT = "hazard_ratio", "left_from"


def stays_by_definition(inputs: SurvivalInputs, params: Params, min_cell: int) -> pd.DataFrame:
    """Counts, mean, median and shares that stay under each churn definition, shortest wait first.

    Each definition brings its own day of censoring: with a longer wait fewer churn events are known.

    Returns
    -------
    DataFrame
        `STAYS` and ``stay_<d>d`` with bounds; see `kaplan_meier.kaplan_meier_tables`.
    """
    rows = []
    for name in inputs.definitions:
        window = inputs.window(name)
        stays = stay_rows(inputs.spells_under(name), window)
        _, means = kaplan_meier_tables({"all": stays.assign(stratum="all")}, params, min_cell)
        row: dict[Any, Any] = {"definition": name, "is_main": name == inputs.main_definition}
        row |= {"grace_days": window.wait_days, "censored_on": window.censored_on}
        rows.append(row | (means.iloc[0].drop(["stratum_kind", "stratum"]).to_dict() if len(means) else {}))
    table = typed(pd.DataFrame(rows, columns=[*STAYS, *stay_columns(params.survival)]))
    return table.sort_values("grace_days", ignore_index=True)


def effects_by_definition(inputs: SurvivalInputs, params: Params) -> pd.DataFrame:
    """Hazard ratios of what is fixed at joining, and incidences by cause, under each churn definition.

    Only members who may be profiled. Covariates that change with time belong to the snapshots of the main
    definition, so they are not compared here.

    Returns
    -------
    DataFrame
        `EFFECTS`: measure ``hazard_ratio`` (term ``region=<name>`` or ``channel=<name>``, against the largest
        group) or ``left_from`` (term a cause, share that has left from it by the last of the quoted days of
        at most a year).
    """
    members, parts = profiled_members(inputs.members), []
    for name in inputs.definitions:
        spells = inputs.spells_under(name)
        stays = stay_rows(spells, inputs.window(name))
        stays = stays[stays["member_id"].isin(members["member_id"])].reset_index(drop=True)
        if len(stays):
            effects = [_ratios(stays, members, params), _causes(stays, spells, inputs, params)]
            parts += [one.assign(definition=name, is_main=name == inputs.main_definition) for one in effects]
    return stack(parts, EFFECTS)


def fixed_rows(stays: pd.DataFrame, members: pd.DataFrame, least: int) -> StartStop | None:
    """Rows with a flag for each region and channel of at least `least` leavers, the largest as reference."""
    rows = stays.merge(members[["member_id", *FIXED]], on="member_id")
    columns: dict[str, np.ndarray] = {}
    for kind in FIXED:
        text = rows[kind].astype("string").fillna("?")
        leavers = rows["event"].groupby(text).sum()
        names = [str(name) for name in text.value_counts().index if leavers[name] >= least]
        columns |= {f"{kind}={name}": text.eq(name).to_numpy(float) for name in names[1:]}
    varied = {name: column for name, column in columns.items() if np.ptp(column) > 0}
    if not varied:
        return None
    terms = [Term(name, name, "level", "") for name in varied]
    return start_stop(rows, terms, np.column_stack(list(varied.values())), strata=())


def _ratios(stays: pd.DataFrame, members: pd.DataFrame, params: Params) -> pd.DataFrame:
    cox = params.survival.cox
    data = fixed_rows(stays, members, max(MIN_LEVEL_EVENTS, params.privacy.min_cell))
    if data is None or data.event.sum() < cox.min_events:
        return pd.DataFrame()
    try:
        table = hazard_ratio_table(fit_cox(data, newton_settings(cox)), params.run.confidence)
    except WhychurnError as error:
        log.warning("no hazard ratios under one definition: %s", error.message)
        return pd.DataFrame()
    return table.rename(columns={"hazard_ratio": "estimate"}).assign(measure=RATIO)[EFFECTS[2:]]


def _causes(
    stays: pd.DataFrame, spells: pd.DataFrame, inputs: SurvivalInputs, params: Params
) -> pd.DataFrame:
    stated = stated_weights(stays, spells, inputs.surveys, inputs.counted, params.survival)
    if stated is None:
        return pd.DataFrame()
    strata = {"all": stays.assign(stratum="all")}
    table = cause_incidence(strata, stated.weights, params, params.privacy.min_cell)
    quoted = table["day"].isin([day for day in params.survival.stay_days if day <= 365])
    last = table[table["day"] == table.loc[quoted, "day"].max()]
    return last.rename(columns={"cause": "term", "estimate": "estimate"}).assign(measure=LEFT)[EFFECTS[2:]]
