"""Stage panel: who churned, and what was known of each member on each day."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pandas as pd

from whychurn.contract.files import read_json, read_table, write_json, write_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.tables import HISTORY_TABLES
from whychurn.labels import say
from whychurn.panel.churn_definition import waiting_days
from whychurn.panel.covered_terms import covered_terms
from whychurn.panel.duckdb_tables import Observed, day_number, open_database
from whychurn.panel.facts import panel_facts
from whychurn.panel.features.catalogue import load_catalogue
from whychurn.panel.features.compute import check_member_columns, refuse_taken_names
from whychurn.panel.leakage.audit import raise_on_leakage
from whychurn.panel.leakage.future_perturbation import audit_panel
from whychurn.panel.leakage.member_columns import audit_rows, leaking_member_columns
from whychurn.panel.missing_leavers import missing_leavers
from whychurn.panel.results import Churn, build_panel, find_churn

log = logging.getLogger(__name__)


def run(study: StudyPaths, params: Params) -> None:
    """Read intake's tables, write churners, spells, the panel and its leakage audit."""
    tables = {name: study.interim / f"{name}.parquet" for name in HISTORY_TABLES}
    feedback_topics = study.results / "feedback_topics.parquet"
    if feedback_topics.exists():
        tables["feedback_topics"] = feedback_topics
    members = read_table(tables["members"])
    facts = read_json(study.interim / "intake.json")
    observed = Observed(*(day_number(facts[key]) for key in ("observed_from", "observed_until")))
    check_member_columns(members, params.panel.member_columns)
    with open_database(tables, observed, params.run.memory_limit, params.panel.member_columns) as connection:
        churn = find_churn(connection, observed, params.panel)
        log.info(
            "churn is %s, by %s: %d left", churn.main.name, churn.activity, churn.spells["churned"].sum()
        )
        leaking = leaking_member_columns(members, churn.spells, params)
        params = _without(params, set(leaking["column"]))
        refuse_taken_names(params.panel.member_columns, load_catalogue())
        catalogue = load_catalogue(members, params.panel.member_columns)
        tiers = params.retention.tiers
        panel, without = build_panel(connection, observed, churn, params.panel, tiers, catalogue)
        findings = audit_panel(connection, churn, panel, catalogue, observed, params)
    log.info("panel: %d rows, %d features", len(panel), len(catalogue))
    findings = pd.concat([part for part in (audit_rows(leaking), findings) if len(part)], ignore_index=True)
    write_table(findings, study.results / "leakage.parquet")
    raise_on_leakage(findings)
    write_table(churn.churners, study.results / "churners.parquet")
    write_table(churn.spells, study.processed / "spells.parquet")
    write_table(churn.curve, study.processed / "threshold_curve.parquet")
    write_table(panel, study.processed / "panel.parquet")
    told: dict[str, Any] = {"member_columns_left_out": _json(leaking)}
    told["missing_leavers"] = _missing_leavers(churn, tables["memberships"], observed, params)
    facts = panel_facts(churn, params.panel, panel, catalogue, without)
    write_json(facts | told, study.processed / "panel.json")


def _missing_leavers(
    churn: Churn, memberships: Path, observed: Observed, params: Params
) -> dict[str, Any] | None:
    terms = None
    if churn.main.kind == "terms":
        terms = covered_terms(read_table(memberships), params.panel.cancelled_terms == "stop")
        fixed = terms["ends_on"].notna()
        terms = terms[fixed] if fixed.mean() > 0.5 else None
    first, last = (pd.Timestamp(day, unit="D") for day in (observed.first, observed.last))
    last -= pd.Timedelta(days=waiting_days(churn.main.days))
    found = missing_leavers(churn.spells, terms, first, last)
    if found:
        log.warning("%s", say("panel.missing_leavers", "en", **found))
    return found


def _without(params: Params, columns: set[str]) -> Params:
    """`params` whose member columns are those that the tests of leakage leave."""
    kept = [name for name in params.panel.member_columns if name not in columns]
    return params.model_copy(update={"panel": params.panel.model_copy(update={"member_columns": kept})})


def _json(findings: pd.DataFrame) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(findings.to_json(orient="records", force_ascii=False))
    return rows
