"""A study folder as an object: results by name, what their columns mean, one member, the check, where open() looks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import whychurn
from whychurn.api.study.folders import MissingResultError, Results
from whychurn.api.study.member import Member, find_member
from whychurn.api.study.opened import Check, Study
from whychurn.contract.errors import WhychurnError
from whychurn.contract.paths import PROJECT

pytestmark = pytest.mark.xdist_group("api")


def test_results_are_a_mapping_of_tables(study: Study) -> None:
    assert isinstance(study.results, Results) and "cause_shares" in study.results
    assert len(study.results) == len(list(study.results.items()))
    assert study.results.get("no such table") is None
    with pytest.raises(MissingResultError, match="nearest is 'cause_shares'"):
        _ = study.results["cause_share"]
    assert study.params.privacy.pseudonymize is False
    assert list(study.tables)[:2] == ["members", "memberships"]


def test_every_table_is_described(study: Study) -> None:
    for name, table in study.results.items():
        known = set(study.results.describe(name).index)
        own = {
            column for column in table.columns if not re.match(r"(p_)?stay_\d+d", column)
        }  # days of the study
        assert own <= known, name
    with pytest.raises(MissingResultError, match="no table"):
        study.results.describe("moods")


def test_facts_by_stage(study: Study) -> None:
    assert {"intake", "panel", "risk", "causes"} <= set(study.facts)
    assert study.facts["risk"]["status"] == "ok" and len(study.facts) == len(list(study.facts))
    assert study.facts["panel"]["rows"] == len(pd.read_parquet(study.paths.processed / "panel.parquet"))


def test_a_member_is_told_from_all_sides(study: Study) -> None:
    gone = study.results["member_causes"].query("status == 'at_risk'")["member_id"]
    scored = study.results["risk_scores"].set_index("member_id")
    one = next(member for member in gone if member in scored.index)
    found = study.member(one)
    assert isinstance(found, Member) and found.timeline["at"].is_monotonic_increasing
    orders = study.tables["orders"].query("member_id == @one")
    assert found.timeline["table"].eq("orders").sum() == len(orders)
    assert found.risk["p_churn"] == scored.loc[one, "p_churn"] and isinstance(found.risk["reasons"], list)
    last = found.causes[found.causes["spell_no"] == found.causes["spell_no"].max()]
    assert last["probability"].sum() == pytest.approx(1) and last["probability"].is_monotonic_decreasing
    assert found.value["member_id"] == one and "<table" in found._repr_html_()
    with pytest.raises(WhychurnError, match="no member 'nobody'"):
        study.member("nobody")


def test_a_member_of_whom_nothing_was_computed(frames: Any) -> None:
    one = frames.world.tables["members"]["member_id"].iloc[0]
    found = find_member(one, frames.world.tables, {})
    assert found.risk == {} and found.causes.empty and found.value == {} and len(found.timeline)


def test_results_of_an_older_version_are_refused(tmp_path: Path) -> None:
    pd.DataFrame({"q": [0.5]}).to_parquet(tmp_path / "cause_groups.parquet")
    with pytest.raises(WhychurnError, match=r"older version.*\nRemedy: run `whychurn run` again"):
        Results(tmp_path)["cause_groups"]


def test_the_check_tells_what_fits(study: Study) -> None:
    found = study.check()
    assert isinstance(found, Check) and found.fits and found.questions["answerable"].any()
    assert found._repr_html_().count("<table") == 2


def test_open_looks_where_it_is_told(study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WHYCHURN_STUDY", raising=False)
    monkeypatch.chdir(PROJECT)
    assert whychurn.open().paths.is_demo
    monkeypatch.chdir(tmp_path)
    assert whychurn.open().paths.root == tmp_path.resolve()
    assert "no results yet" in whychurn.open()._repr_html_()
    monkeypatch.setenv("WHYCHURN_STUDY", str(study.paths.root))
    assert whychurn.open() == study and "cause_shares" in study._repr_html_()


def test_a_run_goes_through_the_pipeline(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(
        "whychurn.stages.pipeline.run_study", lambda paths, until, jobs: asked.append((paths, until, jobs))
    )
    assert study.run(until="causes", jobs=1) is study
    assert asked == [(study.paths, "causes", 1)]


def test_the_report_is_a_page_to_open(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(
        "whychurn.report.render.render_reports.render_reports",
        lambda paths, params, languages: asked.append(languages),  # noqa: ARG005
    )
    assert study.report("zh") == study.paths.reports / "zh" / "index.html" and asked == [["zh"]]
