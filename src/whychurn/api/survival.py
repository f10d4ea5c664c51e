"""When members leave: curves, competing causes, and what goes along with shorter stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from whychurn.api.features import own_columns, panel_catalogue, require_columns
from whychurn.api.html import html_table
from whychurn.api.settings import settings
from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.survival.competing_risks.cumulative_incidence import CauseWeights, cause_incidence
from whychurn.survival.hazard_ratios.cox_results import cox_results
from whychurn.survival.nonparametric.kaplan_meier import kaplan_meier_tables

CLOCK: Final = ("member_id", "spell_no", "entry", "exit", "event")
P: Final = tuple(f"p_{cause}" for cause in CAUSES)
MAKE_SPELLS: Final = "make spells: whychurn.spells(tables)"
MAKE_PANEL: Final = "make a panel: whychurn.panel(tables)"
NO_MODEL: Final = {
    "no_cox_few_events": "too few members left for a model of what goes along with shorter stays",
    "no_cox_no_covariates": "nothing is known of the members that differs between them",
}


def kaplan_meier(
    spells: pd.DataFrame, by: str | Sequence[str] = (), *, confidence: float = 0.95
) -> pd.DataFrame:
    """Share that stays by day, with intervals and numbers at risk.

    Parameters
    ----------
    spells
        From `whychurn.spells`, or any frame with member_id, spell_no, entry, exit, event: at risk on days in
        (entry, exit].
    by
        Columns of `spells` that divide it, known on the day of joining; rows where one is null are left out.
    confidence
        Level of the intervals.

    Returns
    -------
    DataFrame
        The columns of `by`, day, estimate, low, high, at_risk. A curve begins and ends with at least 10 at risk, so that
        no single leaving makes it jump; a group that never has as many has no rows.

    Notes
    -----
    Kaplan and Meier 1958, with log-log Greenwood intervals and left truncation.

    Examples
    --------
    >>> import whychurn
    >>> curve = whychurn.kaplan_meier(stays)
    >>> curve.columns.tolist()
    ['day', 'estimate', 'low', 'high', 'at_risk']
    >>> bool(curve["estimate"].is_monotonic_decreasing)
    True
    """
    params = settings({"run": {"confidence": confidence}})
    names = [by] if isinstance(by, str) else list(by)
    require_columns(spells, (*CLOCK, *names), "spells", MAKE_SPELLS)
    rows = _at_risk(spells).dropna(subset=names)
    if not names:
        curves, _ = kaplan_meier_tables({"all": rows.assign(stratum="all")}, params, params.privacy.min_cell)
        return curves.drop(columns=["stratum_kind", "stratum"])
    groups = rows.groupby(names, sort=True, observed=True)
    numbered = rows.assign(stratum=groups.ngroup())
    curves, _ = kaplan_meier_tables({"by": numbered}, params, params.privacy.min_cell)
    keys = numbered.drop_duplicates("stratum").set_index("stratum")[names]
    place = curves["stratum"].astype("int64")
    found = pd.concat([keys.loc[place].reset_index(drop=True), curves], axis=1)
    return found.drop(columns=["stratum_kind", "stratum"]).sort_values([*names, "day"], ignore_index=True)


def cumulative_incidence(
    spells: pd.DataFrame, causes: pd.DataFrame, *, bootstrap: int = 200, seed: int = 7
) -> pd.DataFrame:
    """Churn by competing cause and day; all causes and survival add up to one.

    Parameters
    ----------
    spells
        From `whychurn.spells`.
    causes
        One row a leaving: member_id, spell_no and p_<cause> for the six (their sum at most one; what is missing from one
        is unknown), such as ``attribute(tables).members``. Where its column status also tells of members at risk, members that
        it does not know (they may not be profiled) are left out.
    bootstrap, seed
        Samples of members for the intervals.

    Returns
    -------
    DataFrame
        cause (one of the six or ``unknown``), day, cif, low, high.

    Notes
    -----
    Aalen and Johansen 1978, each leaving counted in part for each cause.

    Examples
    --------
    >>> import whychurn
    >>> found = whychurn.cumulative_incidence(stays, why.members, bootstrap=20)
    >>> last = found[found["day"] == found["day"].max()]
    >>> bool(0 < last["estimate"].sum() < 1)
    True
    """
    require_columns(spells, CLOCK, "spells", MAKE_SPELLS)
    require_columns(
        causes, ("member_id", "spell_no", *P), "the table of causes", "attribute(tables).members has them"
    )
    params = settings({"survival": {"bootstrap": bootstrap}, "run": {"seed": seed}})
    rows = _at_risk(spells).assign(stratum="all")
    if "status" in causes:
        if (causes["status"] == "at_risk").any():
            rows = rows[rows["member_id"].isin(causes["member_id"])].reset_index(drop=True)
        causes = causes[causes["status"] == "churned"]
    found = cause_incidence({"all": rows}, CauseWeights.of(causes), params, params.privacy.min_cell)
    return found.drop(columns=["stratum_kind", "stratum"])


@dataclass(frozen=True, eq=False)
class CoxResult:
    """Cox regression of the stay, and what its checks say.

    Parameters
    ----------
    table
        One row a term of two models, ``before`` and ``after`` the remedies: feature, label_en, label_zh, hazard_ratio, low, high,
        p, p_adjusted.
    checks
        One row a term: whether its ratio drifts with time (Grambsch and Therneau 1994), and what was done about it.
    curves
        Ratio along the values of covariates whose effect bends.
    collinearity
        Covariates that go together, and which of them were left out.
    facts
        Leavers, terms, condition of the design, the negative control; ``reason`` where there is no model.
    """

    table: pd.DataFrame
    checks: pd.DataFrame
    curves: pd.DataFrame = field(repr=False)
    collinearity: pd.DataFrame = field(repr=False)
    facts: Mapping[str, Any] = field(repr=False)

    @property
    def limitations(self) -> list[str]:
        """What the data do not allow to say."""
        reason = self.facts["reason"]
        return [] if reason is None else [NO_MODEL.get(str(reason), str(reason))]

    def _repr_html_(self) -> str:
        title = "; ".join(self.limitations) or "Hazard ratios: what goes along with shorter stays (above 1)"
        shown = ["label_en", "hazard_ratio", "low", "high", "p_adjusted"]
        return html_table(title, self.table.loc[self.table["model"] == "after", shown])


def hazard_ratios(
    panel: pd.DataFrame, spells: pd.DataFrame, covariates: Mapping[str, float | str] | None = None
) -> CoxResult:
    """What goes along with shorter stays: Cox regression, its checks and remedies.

    An association: what stands beside a short stay need not cause it.

    Parameters
    ----------
    panel
        From `whychurn.panel`: what was known of each member at the start of each month.
    spells
        From `whychurn.spells`, under the same definition of churn.
    covariates
        Feature to the change that its ratio is read for (``"sd"``: one standard deviation); a stated list that looks at no
        outcome if not given. Columns of your own enter as well.

    Returns
    -------
    CoxResult
        ``.table``, ``.checks``; empty, with a sentence in ``.limitations``, where the data carry no model.

    Notes
    -----
    Cox 1972 with left truncation, robust standard errors by member (Lin and Wei 1989).

    Examples
    --------
    >>> import whychurn
    >>> cox = whychurn.hazard_ratios(rows, stays, {"tickets_90d": 1, "coupons_used_90d": 1})
    >>> cox.limitations
    []
    """
    require_columns(panel, ("member_id", "spell_no", "as_of"), "the panel", MAKE_PANEL)
    require_columns(spells, (*CLOCK, "started_on"), "spells", MAKE_SPELLS)
    catalogue, own = panel_catalogue(panel), own_columns(panel)
    if covariates is not None:
        require_columns(panel, tuple(covariates), "the panel", "name features of the panel")
        own = list(covariates)
        catalogue = catalogue[catalogue["name"].isin(own)].reset_index(drop=True)
        catalogue["step"] = catalogue["name"].map(covariates).astype("object")
    definition = str(spells.attrs.get("definition", panel.attrs.get("definition", "inactivity_0d")))
    facts = {"kind": definition.partition("_")[0], "member_columns": own}
    found = cox_results(_at_risk(spells), panel, catalogue, facts, Params())
    return CoxResult(
        table=found.tables["hazard_ratios"],
        checks=found.tables["proportional_hazards"],
        curves=found.tables["spline_effects"],
        collinearity=found.tables["collinearity"],
        facts=found.facts,
    )


def _at_risk(spells: pd.DataFrame) -> pd.DataFrame:
    """Rows that were at risk on some day, their clock in plain numbers."""
    rows = spells[spells["entry"].notna()]
    if not len(rows):
        raise WhychurnError("no stay was at risk on any day", remedy=MAKE_SPELLS)
    rows = rows.astype({"entry": "int64", "exit": "int64", "event": "bool"}).reset_index(drop=True)
    rows.attrs = {}
    return rows
