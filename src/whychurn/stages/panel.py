"""Stage panel: who churned, and what was known of each member on each day."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from whychurn.contract.files import append_rows, read_json, read_table, write_json, write_table, write_whole
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.tables import HISTORY_TABLES
from whychurn.labels import say
from whychurn.panel.churn_definition import waiting_days
from whychurn.panel.covered_terms import covered_terms
from whychurn.panel.duckdb_tables import Observed, day_number, open_database
from whychurn.panel.facts import panel_facts
from whychurn.panel.features.catalogue import load_catalogue
from whychurn.panel.features.compute import check_member_columns, features_without, refuse_taken_names
from whychurn.panel.leakage.audit import raise_on_leakage
from whychurn.panel.leakage.future_perturbation import audit_panel
from whychurn.panel.leakage.member_columns import audit_rows, leaking_member_columns
from whychurn.panel.member_blocks import panel_block
from whychurn.panel.missing_leavers import missing_leavers
from whychurn.panel.results import Churn, build_panel, find_churn
from whychurn.stages.running.blocks import blocks_of, engine, kept_folder
from whychurn.stats.parallel import BLOCK_MEMBERS
from whychurn.stats.sources import member_blocks

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
    memory, parted = params.run.memory_limit, len(members) > BLOCK_MEMBERS
    with open_database(tables, observed, memory, params.panel.member_columns, parted) as connection:
        churn = find_churn(connection, observed, params.panel)
        log.info(
            "churn is %s, by %s: %d left", churn.main.name, churn.activity, churn.spells["churned"].sum()
        )
        leaking = leaking_member_columns(members, churn.spells, params)
        params = _without(params, set(leaking["column"]))
        refuse_taken_names(params.panel.member_columns, load_catalogue())
        catalogue = load_catalogue(members, params.panel.member_columns)
        tiers = params.retention.tiers
        whole = (
            None if parted else build_panel(connection, observed, churn, params.panel, tiers, catalogue)[0]
        )
    with write_whole(study.processed / "panel.parquet") as file:
        known = (churn.known, observed, catalogue, params)
        append_rows([whole] if whole is not None else _parts(study, members, tables, *known), file)
        findings = audit_panel(tables, churn, file, catalogue, observed, params)
        found = [part for part in (audit_rows(leaking), findings) if len(part)]
        write_table(pd.concat(found, ignore_index=True), study.results / "leakage.parquet")
        raise_on_leakage(findings)
    panel = read_table(study.processed / "panel.parquet", ["member_id", "as_of"])
    log.info("panel: %d rows, %d features", len(panel), len(catalogue))
    write_table(churn.churners, study.results / "churners.parquet")
    write_table(churn.spells, study.processed / "spells.parquet")
    write_table(churn.curve, study.processed / "threshold_curve.parquet")
    told: dict[str, Any] = {"member_columns_left_out": _json(leaking)}
    told["missing_leavers"] = _missing_leavers(churn, tables["memberships"], observed, params)
    without = features_without(catalogue, churn.filled)
    facts = panel_facts(churn, params.panel, panel, catalogue, without)
    write_json(facts | told, study.processed / "panel.json")


def _parts(
    study: StudyPaths, members: pd.DataFrame, tables: dict[str, Path], *known: Any
) -> Iterator[pd.DataFrame]:
    """The panel by blocks of `members`; `known` as `panel_block` takes it."""
    params: Params = known[-1]
    ids = members[["member_id"]].sort_values("member_id")
    firsts = [block.first for block in member_blocks(ids, BLOCK_MEMBERS)]
    jobs = [(bounds, tables, *known) for bounds in pairwise([*firsts, None])]
    log.info("the panel in %d blocks of members", len(jobs))
    with kept_folder(study, "panel", tables.values(), params) as folder:
        yield from blocks_of(panel_block, jobs, folder, engine(), params.run.workers)


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
