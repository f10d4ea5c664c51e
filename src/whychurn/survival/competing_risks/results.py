"""All tables on the causes from which stays end, from stated reasons or from posteriors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from whychurn.contract.params import Params
from whychurn.contract.results import empty_table
from whychurn.contract.suppression import suppress_small_cells
from whychurn.survival.competing_risks.cause_elimination import COLUMNS as REMOVAL
from whychurn.survival.competing_risks.cause_elimination import without_cause
from whychurn.survival.competing_risks.cumulative_incidence import COLUMNS as INCIDENCE
from whychurn.survival.competing_risks.cumulative_incidence import CauseWeights, cause_incidence
from whychurn.survival.competing_risks.stated_causes import SHARES, Stated, stated_weights
from whychurn.survival.spells import Window, stay_rows
from whychurn.survival.strata import strata_rows


def profiled_strata(
    stays: pd.DataFrame, members: pd.DataFrame, panel: pd.DataFrame, window: Window, params: Params
) -> dict[str, pd.DataFrame]:
    """Strata of `survival.incidence_strata` and all, of members who may be profiled: causes are told of nobody else."""
    own = params.survival
    consent = members.loc[members["profiling_consent"].fillna(False).astype(bool), "member_id"]
    mine = stays[stays["member_id"].isin(consent)].reset_index(drop=True)
    found = strata_rows(mine, members, panel, window, own.cohort_months)
    return {kind: rows for kind, rows in found.items() if kind in ("all", *own.incidence_strata)}


def incidence_tables(
    strata: Mapping[str, pd.DataFrame], weights: CauseWeights, params: Params
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Incidence of each cause by stratum, and what its removal would gain over all."""
    min_cell = params.privacy.min_cell
    incidence = cause_incidence(strata, weights, params, min_cell)
    return incidence, without_cause({"all": strata["all"]}, weights, params, min_cell)


def attributed_tables(
    posteriors: pd.DataFrame,
    spells: pd.DataFrame,
    members: pd.DataFrame,
    panel: pd.DataFrame,
    panel_facts: Mapping[str, Any],
    intake_facts: Mapping[str, Any],
    params: Params,
) -> dict[str, pd.DataFrame]:
    """The tables of this module with posteriors as fractional events, for the stage that attributes causes.

    Parameters
    ----------
    posteriors
        One row per leaving: member_id, spell_no, ``p_<cause>`` for the six causes, with a sum of at most one; what is
        missing from one, and leavings without a row, count as unknown.

    Returns
    -------
    ``attributed_incidence`` and ``attributed_removal``, with the columns of ``cause_incidence`` and ``cause_removal``.
    """
    window = Window.of(panel_facts, intake_facts)
    strata = profiled_strata(stay_rows(spells, window), members, panel, window, params)
    incidence, removal = incidence_tables(strata, CauseWeights.of(posteriors), params)
    return {"attributed_incidence": incidence, "attributed_removal": removal}


def cause_answers(
    strata: Mapping[str, pd.DataFrame],
    spells: pd.DataFrame,
    surveys: pd.DataFrame,
    panel: pd.DataFrame,
    params: Params,
) -> tuple[dict[str, pd.DataFrame], dict[str, Any], Stated | None]:
    """``cause_incidence``, ``cause_removal`` and ``stated_shares``, the facts about them, and the weights used.

    Parameters
    ----------
    strata
        `profiled_strata`.

    Returns
    -------
    Tables are empty, and the facts name a reason (a key of the words), where too few leavers said why.
    """
    tables = {
        "cause_incidence": empty_table(INCIDENCE),
        "cause_removal": empty_table(REMOVAL),
        "stated_shares": empty_table([*SHARES, "suppressed"]),
    }
    stays = strata["all"].drop(columns="stratum")
    stated = stated_weights(stays, spells, surveys, panel, params.survival) if len(stays) else None
    if stated is None:
        leavers, asked = stays["event"].any(), (surveys["kind"] == "exit").any()
        reason = "few_answers" if asked and leavers else ("no_surveys" if leavers else "no_leavers")
        return tables, {"reason": reason}, None
    tables["cause_incidence"], tables["cause_removal"] = incidence_tables(strata, stated.weights, params)
    shares = suppress_small_cells(stated.shares, "answers", ["share", "weighted"], params.privacy.min_cell)
    tables["stated_shares"] = shares
    return tables, {"reason": None, **stated.facts}, stated
