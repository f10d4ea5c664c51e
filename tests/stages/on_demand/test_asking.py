"""`whychurn ask`: a study's list, its guide, what is refused, and the way of the filled list back into a run."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from whychurn.api.study.opened import open as open_study
from whychurn.causes.interviews.interview_answers import ANSWERED, read_interviews
from whychurn.cli import app
from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_table, write_table
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.intake.build import build_interim
from whychurn.intake.preview import check_source
from whychurn.intake.reidentify import lookup
from whychurn.labels import LANGUAGES
from whychurn.panel.exit_surveys import NOT_ASKED, SILENT
from whychurn.stages.on_demand.asking import Asked, Request, ask, guide, write_list

TODAY = pd.Timestamp("2025-03-01")
MEMBERS = 40


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHYCHURN_KEY", "a key of tests, kept apart")


def raw_tables(folder: Path, consent: bool = True) -> None:
    """40 members, all with one order in 2024; every tenth refuses profiling, every fifth marketing."""
    folder.mkdir(parents=True)
    ids = [f"C{number:04d}" for number in range(MEMBERS)]
    members = pd.DataFrame({"member_id": ids, "joined_on": "2024-01-01"})
    if consent:
        members["profiling_consent"] = np.where(np.arange(MEMBERS) % 10 == 0, "no", "yes")
        members["marketing_consent"] = np.where(np.arange(MEMBERS) % 5 == 1, "no", "yes")
    days = pd.date_range("2024-06-01", periods=MEMBERS, freq="5D").strftime("%Y-%m-%d")
    orders = pd.DataFrame({"order_id": range(MEMBERS), "member_id": ids, "ordered_at": days, "amount": 5})
    members.to_csv(folder / "members.csv", index=False)
    orders.to_csv(folder / "orders.csv", index=False)


def results(paths: StudyPaths) -> pd.DataFrame:
    """Those who ordered before October left; causes of half of them are certain."""
    orders = read_table(paths.interim / "orders.parquet").sort_values("ordered_at")
    active = orders["ordered_at"].dt.normalize()
    left = pd.DataFrame(
        {
            "member_id": orders["member_id"], "left_on": active + pd.Timedelta(days=30), "definition": "x", "spell_no": 1,
            "last_active_on": active, "returned_on": pd.NaT, "is_main": True,
        }
    )[active < "2024-10-01"]  # fmt: skip
    left["returned_on"] = pd.to_datetime(left["returned_on"])
    write_table(left, paths.results / "churners.parquet")
    return left.reset_index(drop=True)


@pytest.fixture
def study(tmp_path: Path) -> StudyPaths:
    return made(tmp_path / "study")


def made(root: Path, params: dict | None = None, **tables: bool) -> StudyPaths:
    raw_tables(root / "raw", **tables)
    (root / "params.yaml").write_text(yaml.safe_dump(params or {}), encoding="utf-8")
    paths = StudyPaths.at(root)
    build_interim(paths, load_params(paths), dt.date(2025, 3, 1))
    results(paths)
    return paths


def keys(asked: Asked) -> list[str]:
    return [key for key, _ in asked.notes]


def test_a_list_holds_who_left_and_may_be_profiled(study) -> None:
    asked = ask(study, load_params(study), Request(10), TODAY)
    agreed = read_table(study.interim / "members.parquet").query("profiling_consent")["member_id"]
    left = read_table(study.results / "churners.parquet")["member_id"]
    assert len(asked.sheet) == 10 and asked.sheet["member_id"].isin(set(agreed) & set(left)).all()
    assert keys(asked)[:2] == ["note_drawn", "note_no_causes"] and "note_no_consent" in keys(asked)
    assert asked.sheet["asked_probability"].nunique() == 1, "no causes told: all chances alike"


def test_the_same_seed_is_the_same_list(study) -> None:
    params = load_params(study)
    one, two, other = (ask(study, params, Request(8, seed=seed), TODAY).sheet for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(one, two)
    assert set(one["member_id"]) != set(other["member_id"])


def test_uncertain_causes_are_drawn_more_often(study) -> None:
    left = read_table(study.results / "churners.parquet")
    p = np.tile(np.eye(6)[0], (len(left), 1))
    p[::2] = 1 / 6
    causes = left[["member_id", "spell_no"]].assign(
        status="churned", **{f"p_{c}": p[:, k] for k, c in enumerate(CAUSES)}
    )
    write_table(causes, study.results / "member_causes.parquet")
    asked = ask(study, load_params(study), Request(8), TODAY)
    chance = asked.sheet.merge(causes, on="member_id").groupby("p_price")["asked_probability"].first()
    assert "note_no_causes" not in keys(asked)
    assert chance.get(0.0, 0.0) < chance[1 / 6] and asked.sheet["asked_probability"].nunique() == len(chance)


def test_a_budget_beyond_all_leavers_asks_all_and_says_so(study) -> None:
    asked = ask(study, load_params(study), Request(500), TODAY)
    assert "note_all" in keys(asked) and asked.sheet["asked_probability"].eq(1).all()


def test_who_refused_marketing_is_marked_or_left_out(study) -> None:
    params = load_params(study)
    asked = ask(study, params, Request(500), TODAY)
    refused = int(asked.sheet["marketing_consent"].eq("no").sum())
    assert dict(asked.notes)["note_refused_marketing"] == {"n": refused} and refused > 0
    without = ask(study, params, Request(500, skip_opted_out=True), TODAY)
    assert dict(without.notes)["note_opted_out"] == {"n": refused}
    assert without.sheet["marketing_consent"].eq("yes").all()


def test_members_at_risk_are_a_list_of_their_own(study) -> None:
    with pytest.raises(WhychurnError, match="--until risk"):
        ask(study, load_params(study), Request(5, "at-risk"), TODAY)
    ids = read_table(study.interim / "members.parquet")["member_id"]
    write_table(pd.DataFrame({"member_id": ids, "p_churn": 0.7}), study.results / "risk_scores.parquet")
    sheet = ask(study, load_params(study), Request(5, "at-risk"), TODAY).sheet
    assert len(sheet) == 5 and sheet["list"].eq("at-risk").all() and sheet["left_on"].isna().all()


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (Request(5, "gone"), "left, at-risk"),
        (Request(0), "1 or more"),
        (Request(5, months=1), "nobody to draw from"),
    ],
)
def test_requests_that_cannot_be_met_are_answered(study, request_, said) -> None:
    with pytest.raises(WhychurnError, match=said):
        ask(study, load_params(study), request_, TODAY)


def test_no_run_and_no_consent_on_record_are_refused_with_what_to_do(tmp_path) -> None:
    paths = made(tmp_path / "one", consent=False)
    with pytest.raises(WhychurnError, match="missing_consent: allow"):
        ask(paths, load_params(paths), Request(5), TODAY)
    allowed = made(tmp_path / "two", {"privacy": {"missing_consent": "allow"}}, consent=False)
    assert len(ask(allowed, load_params(allowed), Request(5), TODAY).sheet) == 5
    (allowed.results / "churners.parquet").unlink()
    with pytest.raises(WhychurnError, match="--until panel"):
        ask(allowed, load_params(allowed), Request(5), TODAY)


def test_real_ids_are_those_that_a_look_up_finds(study) -> None:
    params = load_params(study)
    pseudonyms = ask(study, params, Request(9), TODAY).sheet["member_id"]
    ids = ask(study, params, Request(9, real_ids=True), TODAY).sheet["member_id"]
    assert ids.tolist() == lookup(study, params, pseudonyms.tolist())["source_id"].tolist()
    assert ids.str.fullmatch(r"C\d{4}").all() and not pseudonyms.isin(ids).any()


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_the_filled_list_comes_back_with_its_chances(study, ending) -> None:
    """Ask, fill in (one silent, one coded twice), append to the source, check, run: answers stand at their leavings."""
    asked = ask(study, load_params(study), Request(6, real_ids=True), TODAY)
    file = study.root / f"list{ending}"
    write_list(asked, file)
    read = {".csv": pd.read_csv, ".xlsx": pd.read_excel}[ending]
    filled = read(file, dtype="string")
    answered = filled.index > 0
    filled.loc[answered, "answered_at"], filled.loc[answered, "coder"] = "2025-03-02", "Ann"
    filled.loc[answered, "reason"] = ["price/price_rise", "price", "natural", "unknown", "engagement"]
    second = filled.iloc[[1]].assign(coder="Ben", reason="engagement")
    both = pd.concat([filled, second])
    if ending == ".csv":
        both.to_csv(study.raw / "interviews.csv", index=False, encoding="utf-8-sig")
    else:
        both.to_excel(study.raw / "interviews_2.xlsx", index=False)
    exits = pd.DataFrame(
        {"问卷编号": ["Q1", "Q2"], "卡号": ["C0001", "C0002"], "发出": "01/12/2024", "原因": "太贵"}
    )
    exits.to_csv(study.raw / "surveys.csv", index=False)
    columns = {
        "survey_id": "问卷编号",
        "member_id": "卡号",
        "sent_at": "发出",
        "reason": "原因",
        "kind": "=exit",
    }
    own = {
        "columns": {f"surveys.{name}": value for name, value in columns.items()},
        "codes": {"surveys.reason": {"太贵": "price"}}, "date_forms": {"surveys.sent_at": "dmy"},
    }  # fmt: skip
    (study.root / "params.yaml").write_text(yaml.safe_dump({"intake": own}), encoding="utf-8")

    params = load_params(study)
    checked = check_source(study, params)
    assert checked.fits and not any("interviews" in name for name in checked.unused)
    build_interim(study, params, dt.date(2025, 3, 5))
    surveys = read_table(study.interim / "surveys.parquet")
    assert surveys.groupby("kind")["sent_at"].unique().map(list).to_dict() == {
        "exit": [pd.Timestamp("2024-12-01")], "interview": [TODAY],
    }  # fmt: skip
    assert surveys.loc[surveys["kind"] == "exit", "reason"].tolist() == ["price", "price"]
    left = results(study)
    spells = left[["member_id", "spell_no", "last_active_on", "returned_on"]]
    read_back = read_interviews(spells, np.arange(len(spells)), spells, surveys)

    chance = asked.sheet["asked_probability"]
    assert np.nansum(read_back.probability) == pytest.approx(chance.sum(), abs=1e-6)
    counts = {state: int((read_back.status == state).sum()) for state in (ANSWERED, SILENT, NOT_ASKED)}
    assert counts == {ANSWERED: 5, SILENT: 1, NOT_ASKED: len(spells) - 6}
    coded = dict(zip(CAUSES, read_back.coded.sum(axis=0), strict=True))
    assert coded == {"price": 1.5, "natural": 1, "engagement": 1.5} | dict.fromkeys(
        ("product_service", "personalization", "competition"), 0
    )
    assert read_back.coder_pairs.sum() == 2

    later = ask(study, params, Request(500), pd.Timestamp("2025-03-06"))
    assert dict(later.notes)["note_before"] == {"n": 6}


def test_a_list_is_not_written_over_and_only_its_owner_reads_it(study) -> None:
    asked = ask(study, load_params(study), Request(3), TODAY)
    files = write_list(asked, study.root / "list.csv")
    assert [file.name for file in files] == ["list.csv", "interview_guide.en.md", "interview_guide.zh.md"]
    assert files[0].stat().st_mode & 0o077 == 0
    with pytest.raises(WhychurnError, match="exists already"):
        write_list(asked, study.root / "list.csv")
    with pytest.raises(WhychurnError, match=r"\.csv or \.xlsx"):
        write_list(asked, study.root / "list.pdf")


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_a_list_has_no_cell_that_a_spreadsheet_would_run(tmp_path, ending) -> None:
    sheet = pd.DataFrame({"member_id": ["=1+1", "C0001"], "asked_probability": [-0.5, 0.5]})
    file = tmp_path / f"list{ending}"
    write_list(Asked(sheet, []), file)
    back = {".csv": pd.read_csv, ".xlsx": pd.read_excel}[ending](file)
    assert back["member_id"].tolist() == ["'=1+1", "C0001"]
    assert back["asked_probability"].tolist() == [-0.5, 0.5]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_guide_has_every_cause_as_a_code(lang) -> None:
    page = guide(lang)
    assert all(f"| `{code}` |" in page for code in (*CAUSES, "unknown"))
    codes = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert {code.split("/")[0] for code in codes} == {*CAUSES, "unknown"}


def test_the_command_writes_the_list_and_says_what_it_did(study) -> None:
    out = study.root / "mine.csv"
    command = ["ask", "--budget", "7", "--study", str(study.root), "--out", str(out), "--seed", "2"]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0 and "7 of" in done.output and "--real-ids" in done.output
    assert len(pd.read_csv(out)) == 7
    with pytest.raises(WhychurnError, match="exists already"):
        CliRunner().invoke(app, command, catch_exceptions=False)


def test_the_front_door_draws_the_same(study) -> None:
    params = load_params(study)
    mine = open_study(study.root).ask(6, seed=5)
    assert (
        mine["member_id"].tolist()
        == ask(study, params, Request(6, seed=5), TODAY).sheet["member_id"].tolist()
    )
