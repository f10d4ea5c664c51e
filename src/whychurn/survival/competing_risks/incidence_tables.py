"""All tables on the causes from which stays end, from stated reasons or from posteriors."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.params import Params
from whychurn.contract.results import empty_table
from whychurn.contract.suppression import suppress_small_cells
from whychurn.survival.competing_risks.cause_elimination import COLUMNS as ELIMINATION
from whychurn.survival.competing_risks.cause_elimination import eliminate_causes
from whychurn.survival.competing_risks.cumulative_incidence import COLUMNS as INCIDENCE
from whychurn.survival.competing_risks.cumulative_incidence import CauseWeights, cause_incidence
from whychurn.survival.competing_risks.stated_causes import SHARES, StatedCauses, stated_weights
from whychurn.survival.spell_strata import strata_rows
from whychurn.survival.spells import Window, profiled_members, stay_rows


def profiled_strata(
    stays: pd.DataFrame, members: pd.DataFrame, panel: pd.DataFrame, window: Window, params: Params
) -> dict[str, pd.DataFrame]:
    """Strata of ``survival.incidence_strata`` and all, of members who consented to profiling."""
    profiled = stays[stays["member_id"].isin(profiled_members(members)["member_id"])].reset_index(drop=True)
    strata = strata_rows(profiled, members, panel, window, params.survival.cohort_months)
    return {kind: rows for kind, rows in strata.items() if kind in ("all", *params.survival.incidence_strata)}


def incidence_tables(
    strata: Mapping[str, pd.DataFrame], weights: CauseWeights, params: Params
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Incidence of each cause by stratum, and what its elimination would gain over all."""
    min_cell = params.privacy.min_cell
    incidence = cause_incidence(strata, weights, params, min_cell)
    return incidence, eliminate_causes({"all": strata["all"]}, weights, params, min_cell)


def attributed_tables(
    posteriors: pd.DataFrame,
    spells: pd.DataFrame,
    members: pd.DataFrame,
    panel: pd.DataFrame,
    window: Window,
    params: Params,
) -> dict[str, pd.DataFrame]:
    """The tables of this module with posteriors as fractional events, for the stage that attributes causes.

    Parameters
    ----------
    posteriors
        One row per churn event: member_id, spell_no, ``p_<cause>`` for the six causes, with a sum of at most
        one; what is missing from one, and events without a row, count as unknown.

    Returns
    -------
    ``attributed_incidence`` and ``attributed_elimination``, columns as `stated_cause_tables` gives them, without
    causes that cannot be told (null in all rows).
    """
    strata = profiled_strata(stay_rows(spells, window), members, panel, window, params)
    incidence, elimination = incidence_tables(strata, CauseWeights.of(posteriors), params)
    untold = [cause for cause in CAUSES if len(posteriors) and posteriors[f"p_{cause}"].isna().all()]
    untold += [UNKNOWN] if len(untold) == len(CAUSES) else []  # nothing at all is attributed
    tables = {"attributed_incidence": incidence, "attributed_elimination": elimination}
    return {
        name: table[~table["cause"].isin(untold)].reset_index(drop=True) for name, table in tables.items()
    }


def stated_cause_tables(
    strata: Mapping[str, pd.DataFrame],
    spells: pd.DataFrame,
    surveys: pd.DataFrame,
    panel: pd.DataFrame,
    params: Params,
) -> tuple[dict[str, pd.DataFrame], dict[str, Any], StatedCauses | None]:
    """``cause_incidence``, ``cause_elimination`` and ``stated_shares``, their facts, and the weights used.

    Parameters
    ----------
    strata
        `profiled_strata`.

    Returns
    -------
    Tables are empty, and the facts name a reason (a key of the labels), where too few leavers said why.
    """
    stays = strata["all"].drop(columns="stratum")
    stated = stated_weights(stays, spells, surveys, panel, params.survival) if len(stays) else None
    if stated is None:
        leavers, asked = stays["event"].any(), (surveys["kind"] == "exit").any()
        reason = "few_answers" if asked and leavers else ("no_surveys" if leavers else "no_leavers")
        columns = {
            "cause_incidence": INCIDENCE,
            "cause_elimination": ELIMINATION,
            "stated_shares": [*SHARES, "suppressed"],
        }
        return {name: empty_table(names) for name, names in columns.items()}, {"reason": reason}, None
    incidence, elimination = incidence_tables(strata, stated.weights, params)
    shares = suppress_small_cells(stated.shares, "answers", ["share", "weighted"], params.privacy.min_cell)
    tables = {"cause_incidence": incidence, "cause_elimination": elimination, "stated_shares": shares}
    return tables, {"reason": None, **stated.facts}, stated
