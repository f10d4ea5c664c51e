"""Commands on tests by lot, on result tables written down by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from whychurn.cli import app
from whychurn.cli.actions import action_read, action_size
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_json, write_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import columns_of, typed
from whychurn.stages.on_demand.reading_tests import Reading, read_campaign, set_aside, size_of

ROW = {"campaign_id": "save-1", "action": "coupon", "outcome": "left", "stratum": "all", "treated": 4000, "control": 4000,
       "rate_treated": 0.08, "rate_control": 0.10, "effect": -0.02, "low": -0.03, "high": -0.01, "srm_p": 0.4,
       "effect_adjusted": -0.02, "low_adjusted": -0.03, "high_adjusted": -0.01, "variance_saved": 0.02, "complete": True,
       "note": None, "q_value": 0.001, "suppressed": False}  # fmt: skip


def table(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    return typed(pd.DataFrame(rows).reindex(columns=columns_of(name)))


def campaign(randomised: bool = True, stated: bool = True, weeks_left: int = 0) -> dict[str, Any]:
    return {"actions": ["coupon"], "randomised": randomised, "stated": stated, "sent_on": "2025-01-06",
            "weeks_left": weeks_left}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> StudyPaths:
    """A study with the results of four campaigns."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "members.csv").write_text("member_id,joined_on\na,2024-01-01\n")
    found = StudyPaths.at(tmp_path)
    found.results.mkdir(parents=True)
    late = ROW | {
        "campaign_id": "late",
        "effect": np.nan,
        "low": np.nan,
        "high": np.nan,
        "note": "waiting",
        "complete": False,
    }
    out = ROW | {
        "campaign_id": "late",
        "outcome": "opted_out",
        "effect": 0.02,
        "low": 0.001,
        "high": 0.04,
        "note": "harm",
    }
    few = ROW | {"campaign_id": "few", "q_value": 0.3, "high": 0.01, "note": "few_leavings"}
    write_table(table("action_tests", [ROW, late, out, few]), found.results / "action_tests.parquet")
    sized = {"action": "coupon", "design": "plain", "p0": 0.1, "relative": 0.2, "power": 0.8, "arms": 2, "n_arm": 1000,
             "n_control": 900, "weeks": 8}  # fmt: skip
    write_table(table("action_sizes", [sized]), found.results / "action_sizes.parquet")
    facts = {
        "campaigns": {"save-1": campaign(), "late": campaign(weeks_left=5), "few": campaign(stated=False),
                      "aimed": campaign(randomised=False)},
        "set_aside": {"after_leaving": {"control": 40, "coupon": 60}},
        "spellings": {"Coupon ": "coupon"},
    }  # fmt: skip
    write_json({"tests": facts}, found.results / "action.json")
    return found


def read(place: StudyPaths, name: str, outcome: str = "left") -> Reading:
    return read_campaign(place, Params(), name, outcome)


def test_a_campaign_is_read_with_its_sentence(place: StudyPaths) -> None:
    found = read(place, "save-1")
    assert len(found.table) == 1 and found.sentences[0]["en"].startswith("coupon: Shown by lot: −2.0 points")
    assert found.sentences[0]["zh"].startswith("coupon：随机对照实验已证实")


def test_harm_is_said_first_whatever_outcome_was_asked_for(place: StudyPaths) -> None:
    found = read(place, "late").sentences
    assert found[0]["en"].startswith("coupon: Harm") and "opting out" in found[0]["en"]
    assert found[1]["en"] == "coupon: The follow-up has not ended: 5 more weeks."


def test_few_leavings_and_unstated_chances_are_said(place: StudyPaths) -> None:
    found = read(place, "few").sentences
    assert "Not shown" in found[0]["en"] and "Fewer than 30 leavers in an arm" in found[0]["en"]
    assert found[1]["en"].startswith("No chance of the draw is recorded")


def test_a_campaign_without_lot_shows_no_effect(place: StudyPaths) -> None:
    found = read(place, "aimed")
    assert len(found.table) == 0 and found.sentences[0]["en"].startswith("This campaign chose its members")


def test_what_is_not_there_is_refused_with_what_is(place: StudyPaths, tmp_path: Path) -> None:
    with pytest.raises(WhychurnError, match="choose one of aimed, few, late, save-1, all"):
        read(place, "spring")
    with pytest.raises(WhychurnError, match="choose one of left"):
        read(place, "save-1", "spend")
    with pytest.raises(WhychurnError, match="choose one of coupon"):
        size_of(place, "gift", 0.8)
    with pytest.raises(WhychurnError, match="power of 1"):
        size_of(place, "coupon", 1.0)
    empty = StudyPaths.at(tmp_path / "raw")
    for call in (lambda: read(empty, "all"), lambda: size_of(empty, "coupon", 0.8), lambda: set_aside(empty)):
        with pytest.raises(WhychurnError, match="not been read yet"):
            call()


def test_rows_set_aside_and_names_read_as_one_are_told(place: StudyPaths) -> None:
    assert [one["en"] for one in set_aside(place)] == [
        "Read as one action, coupon: Coupon .",
        "100 rows set aside, after leaving: control 40, coupon 60.",
    ]


def test_a_size_and_the_same_with_more_power(place: StudyPaths) -> None:
    (plain,), (sure,) = size_of(place, "coupon", 0.8), size_of(place, "coupon", 0.9)
    assert "coupon, plain comparison: 1,000 members an arm and 900 held out" in plain["en"]
    assert "1,339 members an arm" in sure["en"] and "power of 90 %" in sure["en"]


def test_the_commands(place: StudyPaths) -> None:
    run = CliRunner().invoke
    study = ["--study", str(place.root)]
    assert "Shown by lot" in run(app, ["action", "read", "save-1", *study]).stdout
    assert "1,000 members an arm" in run(app, ["action", "size", "coupon", *study]).stdout
    counts = run(app, ["action", "read", "--counts", "9010", "303", "2886", "105"])
    rates = run(app, ["action", "read", "--rates", "11896", "0.7574", "0.0336", "0.0364"])
    assert counts.stdout == rates.stdout and "between −1.1 and +0.5 points" in counts.stdout
    assert "name one test to read" in str(run(app, ["action", "read"]).exception)
    with pytest.raises(WhychurnError, match="name one test to read"):
        action_read("save-1", counts=(10, 1, 10, 1))
    with pytest.raises(WhychurnError, match="no size is known"):
        action_size("gift", study=place.root)
