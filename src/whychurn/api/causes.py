"""Why each member left, and how many for each cause."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd

import whychurn.causes.methods as methods
from whychurn.api.features import panel_catalogue, require_columns
from whychurn.api.html import html_table
from whychurn.api.members import find_leavings
from whychurn.api.members import panel as make_panel
from whychurn.api.risk import RiskModel
from whychurn.api.settings import given
from whychurn.api.tables import Tables
from whychurn.api.texts import read_texts
from whychurn.causes.evidence.risk_score_contributions import contributions_by_cause
from whychurn.causes.evidence.spell_evidence import gather_evidence
from whychurn.causes.interviews.asked_by_lot import asked_by_lot
from whychurn.causes.methods import Inputs
from whychurn.causes.results import member_table, method_inputs
from whychurn.causes.tables.attributions_and_shares import attribute_by, cause_shares
from whychurn.causes.tables.limitations import limitations
from whychurn.contract.causes import UNKNOWN
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import CausesParams, Params

INTERIM: Final = ("members", "orders", "events", "feedback", "surveys", "memberships", "market")
TEXT: Final = ["member_id", "created_at", "text"]


@dataclass(frozen=True, eq=False)
class Attribution:
    """Why members left.

    Parameters
    ----------
    members
        One row a leaving (status ``churned``) and one a member still there (``at_risk``): member_id, spell_no, status, anchor_on,
        p_<cause>, primary_cause (``unknown`` where no chance is high enough), confidence, evidence (JSON, both languages).
    shares
        Share of all leavings of each cause: cause, share, low, high, named, leavings; null, not even, where a cause cannot
        be told (``unknown`` holds what is missing from one then).
    avoidable
        Churn that each cause adds, as a share of all: cause, avoidable_share, avoidable_low, avoidable_high; null where the method
        cannot tell.
    limitations
        What the data do not allow to say: key, en, zh.
    method
        Method that attributed.
    evidence
        What the method saw as numbers, one row a member (x_…); `score` compares with it.
    """

    members: pd.DataFrame
    shares: pd.DataFrame
    avoidable: pd.DataFrame
    limitations: pd.DataFrame
    method: str
    evidence: pd.DataFrame = field(repr=False)

    def _repr_html_(self) -> str:
        known = self.shares.merge(self.avoidable, on="cause", how="left")
        notes = "".join(f"<p>{text}</p>" for text in self.limitations["en"])
        return html_table("Why members left: share of all leavings", known) + notes


def attribute(
    tables: Tables,
    *,
    panel: pd.DataFrame | None = None,
    texts: pd.DataFrame | None = None,
    method: str = "additive_hazard",
    model: RiskModel | None = None,
    settings: Params | CausesParams | None = None,
) -> Attribution:
    """Why each member left: posterior of the six causes.

    Parameters
    ----------
    tables
        From `load` or `simulate`.
    panel
        From `whychurn.panel`; made of `tables` if not given.
    texts
        From `read_texts`; the texts of `tables` are read if not given.
    method
        ``additive_hazard`` (exposures, answers and texts together), or one of the simpler ones beside which it is measured: survey,
        keyword, survey_classifier, corrected_classifier, majority_vote, dawid_skene, shap_family.
    model
        Risk model, needed by ``shap_family`` alone.
    settings
        All other parameters (`Params`), or those of the attribution alone.

    Returns
    -------
    Attribution
        ``.members``, ``.shares``, ``.avoidable``, ``.limitations``.

    Raises
    ------
    WhychurnError
        If there is no such method, or nobody may be profiled.

    Examples
    --------
    >>> import whychurn
    >>> why = whychurn.attribute(shop.tables, panel=rows, texts=said, method="majority_vote")
    >>> why.shares["cause"].tolist()
    ['product_service', 'price', 'personalization', 'engagement', 'competition', 'natural', 'unknown']
    >>> float(why.shares["share"].sum().round(9))
    1.0
    """
    tables.require("members", why="an attribution")
    _check_method(method, model)
    params = _params(panel, settings)
    said = read_texts(tables) if texts is None else texts
    rows = make_panel(tables, texts=said) if panel is None else panel
    require_columns(rows, ("member_id", "as_of", "spell_no"), "the panel", "make one: whychurn.panel(tables)")
    inputs = _inputs(tables, rows, said, model, params)
    found = asked_by_lot(inputs, attribute_by(method, inputs, params), params).attribution
    return _attribution(method, inputs, found, params)


def _attribution(method: str, inputs: Inputs, found: methods.Attribution, params: Params) -> Attribution:
    """What a method says, in the columns of the results; null where a cause cannot be told."""
    members = member_table(inputs.evidence, found.p, params.causes)
    notes = limitations(inputs.evidence, inputs.grounds, params.privacy.min_cell)
    whole = cause_shares(found.shares, members)
    avoidable = ["avoidable_share", "avoidable_low", "avoidable_high"]
    return Attribution(
        members=members,
        shares=whole.drop(columns=avoidable),
        avoidable=whole.loc[whole["cause"] != UNKNOWN, ["cause", *avoidable]],
        limitations=pd.DataFrame(notes, columns=["key", "en", "zh"]),
        method=method,
        evidence=inputs.table,
    )


def _inputs(
    tables: Tables, panel: pd.DataFrame, said: pd.DataFrame, model: RiskModel | None, params: Params
) -> Inputs:
    churn = find_leavings(tables, params)
    evidence = gather_evidence(
        {**{name: tables[name] for name in INTERIM}, "panel": panel},
        churn.spells,
        said,
        {"kind": churn.main.kind, "threshold_days": churn.main.days},
        tables.observed_until,
        params,
    )
    raised = None
    if model is not None:
        raised = contributions_by_cause(model.scorer_.booster, model.scorer_.features, evidence.panel)
    return method_inputs(evidence, panel_catalogue(panel), tables["feedback"][TEXT], raised)


def _params(panel: pd.DataFrame | None, settings: Params | CausesParams | None) -> Params:
    """Defaults, with the definition of churn that the panel was made under."""
    over: dict[str, Any] = {}
    definition = None if panel is None else panel.attrs.get("definition")
    if definition is not None:
        kind, _, days = str(definition).partition("_")
        which = "grace_days" if kind == "terms" else "threshold_days"
        over = {"panel": {"churn": kind, which: int(days.removesuffix("d"))}}
    return given(settings, over)


def _check_method(method: str, model: RiskModel | None) -> None:
    known = sorted(file.stem for file in Path(methods.__file__).parent.glob("[a-z]*.py"))
    if method not in known:
        raise WhychurnError(
            f"no method {method!r} to attribute causes", remedy=f"choose one of {', '.join(known)}"
        )
    if method == "shap_family" and model is None:
        raise WhychurnError("shap_family reads a risk model", remedy="give model=whychurn.risk(panel)")
