"""Whether ratios and causes change with the churn definition."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of
from whychurn.survival.competing_risks.cumulative_incidence import cause_incidence
from whychurn.survival.competing_risks.stated_causes import stated_weights
from whychurn.survival.cox.counting_process import StartStop
from whychurn.survival.cox.fit import Newton
from whychurn.survival.cox.regression import fit_cox, hazard_ratio_table
from whychurn.survival.spells import Window, alternative_spells, stay_rows

log = logging.getLogger(__name__)
COLUMNS: Final = columns_of("survival_sensitivity")
FIXED: Final = ("region", "channel")
RATIO, LEFT = "hazard_ratio", "left_from"


def definition_effects(
    members: pd.DataFrame,
    surveys: pd.DataFrame,
    spells: pd.DataFrame,
    churners: pd.DataFrame,
    panel: pd.DataFrame,
    panel_facts: Mapping[str, Any],
    intake_facts: Mapping[str, Any],
    params: Params,
) -> pd.DataFrame:
    """Hazard ratios of what is fixed at joining, and incidences by cause, under each definition.

    Only members who may be profiled. Covariates that change with time belong to the snapshots of the main definition,
    so they are not compared here.

    Returns
    -------
    DataFrame
        `COLUMNS`: measure ``hazard_ratio`` (term ``region=<name>`` or ``channel=<name>``, against the
        largest group) or ``left_from`` (term a cause, share that has left from it by the last of the quoted days of at most a year).
    """
    main = str(panel_facts["definition"])
    consent = members[members["profiling_consent"].fillna(False).astype(bool)]
    parts = []
    for name in dict.fromkeys([main, *map(str, panel_facts.get("alternatives", []))]):
        mine = spells if name == main else alternative_spells(spells, churners, name)
        stays = stay_rows(mine, Window.of(panel_facts, intake_facts, name))
        stays = stays[stays["member_id"].isin(consent["member_id"])].reset_index(drop=True)
        found = [*_ratios(stays, consent, params), *_causes(stays, mine, surveys, panel, params)]
        parts += [{"definition": name, "is_main": name == main, **row} for row in found]
    table = pd.DataFrame(parts, columns=COLUMNS)
    kinds = {"definition": "string", "measure": "string", "term": "string", "is_main": "bool"}
    return table.astype({name: kinds.get(name, "float64") for name in COLUMNS})


def fixed_rows(stays: pd.DataFrame, members: pd.DataFrame, least: int) -> StartStop | None:
    """Rows with a flag for each region and channel of at least `least` leavers, the largest as reference."""
    rows = stays.merge(members[["member_id", *FIXED]], on="member_id")
    columns: dict[str, np.ndarray] = {}
    for kind in FIXED:
        text = rows[kind].astype("string").fillna("?")
        left = rows["event"].groupby(text).sum()
        names = [str(name) for name in text.value_counts().index if left[name] >= least]
        columns |= {f"{kind}={name}": text.eq(name).to_numpy(float) for name in names[1:]}
    varied = {name: column for name, column in columns.items() if np.ptp(column) > 0}
    if not varied:
        return None
    return StartStop(
        terms=tuple(varied),
        X=np.column_stack(list(varied.values())),
        entry=rows["entry"].to_numpy(float),
        stop=rows["exit"].to_numpy(float),
        event=rows["event"].to_numpy(float),
        cluster=pd.factorize(rows["member_id"])[0],
    )


def _ratios(stays: pd.DataFrame, members: pd.DataFrame, params: Params) -> Iterator[dict[str, Any]]:
    cox = params.survival.cox
    data = (
        fixed_rows(stays, members, max(cox.min_level_events, params.privacy.min_cell)) if len(stays) else None
    )
    if data is None or data.event.sum() < cox.min_events:
        return
    how = Newton(cox.ridge, cox.tolerance, cox.max_steps, cox.max_halvings, cox.threads)
    try:
        table = hazard_ratio_table(fit_cox(data, how), params.run.confidence)
    except WhychurnError as error:
        log.warning("no hazard ratios under one definition: %s", error.message)
        return
    for row in table.to_dict("records"):
        bounds = {name: row[name] for name in ("low", "high")}
        yield {"measure": RATIO, "term": row["term"], "estimate": row["hazard_ratio"], **bounds}


def _causes(
    stays: pd.DataFrame, spells: pd.DataFrame, surveys: pd.DataFrame, panel: pd.DataFrame, params: Params
) -> Iterator[dict[str, Any]]:
    own = params.survival
    stated = stated_weights(stays, spells, surveys, panel, own) if len(stays) else None
    if stated is None:
        return
    strata = {"all": stays.assign(stratum="all")}
    table = cause_incidence(strata, stated.weights, params, params.privacy.min_cell)
    days = table.loc[table["day"].isin([day for day in own.stay_days if day <= 365]), "day"]
    for row in table[table["day"] == days.max()].to_dict("records"):
        yield {
            "measure": LEFT,
            "term": row["cause"],
            "estimate": row["cif"],
            "low": row["low"],
            "high": row["high"],
        }
