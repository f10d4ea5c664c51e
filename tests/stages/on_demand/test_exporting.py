"""`whychurn action export`: real ids for the key holder only, in a file that no spreadsheet runs."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from whychurn.cli import app
from whychurn.contract.codes import OUTCOME_COLUMNS
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_table
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import columns_of, typed
from whychurn.intake.privacy.pseudonym import STUDY_KEY, pseudonyms
from whychurn.stages.on_demand.exporting import Wanted, harmless, list_to_export, touches_of, write_export
from whychurn.stages.on_demand.member_card import shown_as
from whychurn.stages.on_demand.outcomes import Outcomes, touches_of_outcomes

KEY = "a key of tests, kept apart"
OWN = ["=cmd|calc", "C002", "C003", "C004"]


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StudyPaths:
    """Four members, of whom two are contacted (one twice) and one is held out."""
    monkeypatch.setenv("WHYCHURN_KEY", KEY)
    raw = tmp_path / "raw"
    raw.mkdir(parents=True)
    pd.DataFrame({"member_id": OWN, "joined_on": "2024-01-01"}).to_csv(raw / "members.csv", index=False)
    pd.DataFrame(
        {"order_id": range(4), "member_id": OWN, "ordered_at": "2024-03-01 10:00:00", "amount": 10.0}
    ).to_csv(raw / "orders.csv", index=False)
    hidden = pseudonyms(pd.Series(OWN, dtype="string"), KEY.encode())
    rows = pd.DataFrame({name: [None] * 4 for name in columns_of("plan")})
    rows["member_id"] = [hidden[0], hidden[1], hidden[0], hidden[2]]
    rows["action"] = ["coupon", "coupon", "price_match", "none"]
    rows["role"] = ["policy", "policy", "policy", "hold_out"]
    rows["tier"] = ["high", "low", "high", "high"]
    rows["send_on"] = pd.to_datetime(["2026-01-01", "2026-01-01", "2026-01-15", None])
    rows["as_of"] = pd.Timestamp("2026-01-01")
    rows["gain"] = [3.5, -1.0, 2.0, 1.0]
    place = StudyPaths.at(tmp_path)
    place.results.mkdir(parents=True)
    numbers = rows.columns.difference(["member_id", "action", "role", "tier", "send_on", "as_of", "gain"])
    write_table(typed(rows.astype(dict.fromkeys(numbers, object))), place.results / "plan.parquet")
    return place


def export(study: StudyPaths, **wanted: object) -> pd.DataFrame:
    return list_to_export(study, load_params(study), Wanted(**wanted))  # type: ignore[arg-type]


def test_the_plan_has_the_company_s_ids_in_its_order_held_out_members_with_it(study: StudyPaths) -> None:
    frame = export(study)
    assert frame["member_id"].tolist() == ["=cmd|calc", "C002", "=cmd|calc", "C003"]
    assert list(frame.columns) == columns_of("plan")


def test_a_list_for_staff_is_cut_by_tier_and_members_and_holds_nobody_held_out(study: StudyPaths) -> None:
    assert export(study, tier="high")["member_id"].tolist() == ["=cmd|calc", "=cmd|calc"]
    assert export(study, limit=1)["member_id"].tolist() == ["=cmd|calc", "=cmd|calc"]
    assert "hold_out" not in set(export(study, limit=9)["role"])


def test_the_file_is_safe_private_and_plain(study: StudyPaths, tmp_path: Path) -> None:
    out = tmp_path / "list.csv"
    write_export(export(study), out)
    text = out.read_text(encoding="utf-8")
    assert text.startswith("member_id,action,channel,send_on,")
    lines = text.splitlines()
    assert lines[1].startswith("'=cmd|calc,coupon,,2026-01-01,2026-01-01") and "-1.0" in lines[2]
    if os.name == "posix":
        assert out.stat().st_mode & 0o077 == 0
    with pytest.raises(WhychurnError, match="exists already"):
        write_export(export(study), out)
    with pytest.raises(WhychurnError, match="as CSV"):
        write_export(export(study), tmp_path / "list.xlsx")


@pytest.mark.parametrize("cell", ["=1+1", "+86 1", "-5", "@x", "\tx"])
def test_cells_that_a_spreadsheet_would_run_are_quoted_and_numbers_are_not(cell: str) -> None:
    safe = harmless(pd.DataFrame({"text": [cell, "fine", None], "number": [-1.5, 2.0, 3.0]}))
    assert safe["text"].tolist()[:2] == ["'" + cell, "fine"] and safe["text"].isna()[2]
    assert safe["number"].tolist() == [-1.5, 2.0, 3.0]


def test_without_the_key_or_with_another_there_are_no_ids(
    study: StudyPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WHYCHURN_KEY")
    with pytest.raises(WhychurnError, match="no key"):
        export(study)
    monkeypatch.setenv("WHYCHURN_KEY", "quite another key of tests")
    with pytest.raises(WhychurnError, match="the key is another"):
        export(study)


def test_a_key_file_that_cannot_be_read_is_refused(
    study: StudyPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WHYCHURN_KEY")
    (study.root / STUDY_KEY).write_bytes(b"\xff\xfe\xfa no text")
    with pytest.raises(WhychurnError, match="cannot be read"):
        export(study)


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"name": "news"}, "no list"),
        ({"name": "winback"}, "no run"),
        ({"tier": "gold"}, "no tier"),
        ({"limit": 0}, "1 or more"),
    ],
)
def test_what_is_not_there_is_refused_with_a_remedy(
    study: StudyPaths, wanted: dict[str, object], why: str
) -> None:
    with pytest.raises(WhychurnError, match=why) as raised:
        export(study, **wanted)
    assert raised.value.remedy


def test_the_command_writes_the_list(study: StudyPaths, tmp_path: Path) -> None:
    out = tmp_path / "calls.csv"
    command = ["action", "export", "plan", "--study", str(study.root), "--out", str(out), "--tier", "low"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0 and "1 rows of 1 members" in done.output
    assert pd.read_csv(out)["member_id"].tolist() == ["C002"]


def test_an_exported_plan_comes_back_as_touches(study: StudyPaths, tmp_path: Path) -> None:
    write_export(export(study).assign(rank=[1, 2, 3, 4], cost=2.5, propensity=0.5), tmp_path / "plan.csv")
    touches = touches_of(tmp_path / "plan.csv")
    assert touches["member_id"].tolist() == ["=cmd|calc", "C002", "=cmd|calc", "C003"]
    assert touches["action"].tolist() == ["coupon", "coupon", "price_match", "control"]
    assert touches["sent_at"].tolist() == [
        pd.Timestamp(day) for day in ("2026-01-01", "2026-01-01", "2026-01-15", "2026-01-01")
    ]
    assert touches["propensity"].eq(0.5).all()
    assert set(touches["campaign_id"]) == {"plan-2026-01-01"}


def test_the_command_writes_touches_once(study: StudyPaths, tmp_path: Path) -> None:
    write_export(export(study).assign(rank=[1, 2, 3, 4], cost=2.5, propensity=0.5), tmp_path / "plan.csv")
    command = ["action", "executed", str(tmp_path / "plan.csv"), "--out", str(tmp_path / "touches.csv")]
    said = CliRunner().invoke(app, command)
    assert said.exit_code == 0
    assert "4 rows, 1 of them of members held out" in said.output
    assert len(pd.read_csv(tmp_path / "touches.csv")) == 4
    assert CliRunner().invoke(app, command).exit_code != 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda plan: plan.drop(columns="propensity"), "columns of an exported plan are missing"),
        (lambda plan: plan.assign(as_of="soon"), "a day or number of the plan cannot be read"),
        (lambda plan: plan.assign(rank="first"), "a day or number of the plan cannot be read"),
    ],
)
def test_what_is_no_plan_is_refused(study: StudyPaths, tmp_path: Path, change, says: str) -> None:
    plan = export(study).assign(rank=[1, 2, 3, 4], cost=2.5, propensity=0.5).astype(object)
    change(plan).to_csv(tmp_path / "plan.csv", index=False)
    with pytest.raises(WhychurnError, match=says):
        touches_of(tmp_path / "plan.csv")


def noted(tmp_path: Path, rows: list[tuple[str, ...]]) -> Path:
    """A file as the buttons of member cards write it."""
    file = tmp_path / "outcomes.csv"
    lines = [",".join(OUTCOME_COLUMNS), *(",".join(row) for row in rows)]
    file.write_text("\ufeff" + "\r\n".join(lines) + "\r\n", encoding="utf-8")
    return file


def test_outcomes_of_cards_come_back_as_touches_of_the_plan(study: StudyPaths, tmp_path: Path) -> None:
    one, two, _, _ = pseudonyms(pd.Series(OWN, dtype="string"), KEY.encode())
    plan = pd.read_parquet(study.results / "plan.parquet").assign(rank=[1.0, 2.0, 3.0, 4.0])
    write_table(plan, study.results / "plan.parquet")
    rows = [
        (one, "2026-01-01", "coupon", "done", "", "2026-01-03"),
        (two, "2026-01-01", "coupon", "not_reached", "", "2026-01-04"),
        (two, "2026-01-01", "", "done", "request closed", "2026-01-04"),
    ]
    found: Outcomes = touches_of_outcomes(study, load_params(study), [noted(tmp_path, rows)])
    touches = found.touches
    assert touches["member_id"].tolist() == ["=cmd|calc", "C002", "C003"]
    assert touches["action"].tolist() == ["coupon", "coupon", "control"], "who was not reached stays in"
    assert touches["opened"].tolist()[:2] == [True, False] and touches["opened"].isna()[2]
    assert touches["sent_at"].dt.day.tolist() == [3, 4, 1]
    assert (found.beside, found.waiting) == (1, 1), (
        "an answered request; the second contact of the first member"
    )


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (("m1", "2026-01-01", "coupon", "maybe", "", "2026-01-03"), "no outcome that the cards know"),
        (("m1", "2025-12-01", "coupon", "done", "", "2026-01-03"), "a plan of 2025-12-01"),
        (("m1", "soon", "coupon", "done", "", "2026-01-03"), "a day cannot be read"),
    ],
)
def test_outcomes_that_do_not_fit_are_refused(
    study: StudyPaths, tmp_path: Path, row: tuple[str, ...], says: str
) -> None:
    with pytest.raises(WhychurnError, match=says):
        touches_of_outcomes(study, load_params(study), [noted(tmp_path, [row])])
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(WhychurnError, match="columns are missing"):
        touches_of_outcomes(study, load_params(study), [tmp_path / "other.csv"])


def test_a_member_is_found_by_pseudonym_or_own_id_and_an_unknown_id_is_not_repeated(
    study: StudyPaths,
) -> None:
    hidden = pseudonyms(pd.Series(OWN, dtype="string"), KEY.encode())
    write_table(pd.DataFrame({"member_id": list(hidden)}), study.interim / "members.parquet")
    params = load_params(study)
    assert shown_as(study, params, hidden[1]) == hidden[1] == shown_as(study, params, "C002")
    with pytest.raises(WhychurnError, match="no member of this study") as raised:
        shown_as(study, params, "13800138000")
    assert "13800138000" not in str(raised.value) and raised.value.remedy
