"""The stage that scores: on a simulated programme, and on one where nothing was planted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from whychurn import cli
from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json, read_table, write_table
from whychurn.contract.fit_records import read_fits
from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import columns_of, documented
from whychurn.intake.privacy.pseudonym import find_key, pseudonyms
from whychurn.score.ground_truth import has_ground_truth, planted_table, read_ground_truth, read_planted
from whychurn.stages import score as stage
from whychurn.world.build import build_world

P = [f"p_{cause}" for cause in CAUSES]
OVER = {
    "world": {"members": 700, "months": 12, "seed": 4},
    "score": {
        "bootstrap": 20,
        "ceiling": {"rounds": [30], "tree_depths": [2], "logistic_c": [0.03], "weights": [0.5]},
    },
}


def params(study: StudyPaths) -> Params:
    return load_params(study, OVER)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> StudyPaths:
    """A simulated study with attributions as the stage `causes` writes them: one method knows the posterior."""
    study = StudyPaths.at(tmp_path_factory.mktemp("programme") / "study")
    own = params(study)
    build_world(own.world, study.root, study.raw)
    planted = pd.read_parquet(study.root / "data" / "truth" / "member_causes.parquet")
    key = find_key(study, own.intake.source)
    assert key is not None
    keys = pd.DataFrame(
        {
            "member_id": pseudonyms(planted["member_id"], key),
            "spell_no": planted["spell"],
            "status": planted["status"],
            "anchor_on": planted["decided_on"].fillna(pd.Timestamp("2024-12-31")) - pd.Timedelta(days=9),
        }
    )
    q = planted[P].to_numpy()
    named = keys.assign(method="posterior", primary_cause=np.array(CAUSES, object)[q.argmax(axis=1)])
    named[P] = q
    share = q[planted["status"] == "churned"].mean(axis=0)
    shares = pd.DataFrame({"method": "posterior", "cause": CAUSES, "share": share})
    shares["low"], shares["high"] = share - 0.1, share + 0.1
    shares[["avoidable_share", "avoidable_low", "avoidable_high"]] = np.nan
    evidence = keys.assign(**{f"x_{cause}": np.log(q[:, at]) for at, cause in enumerate(CAUSES)})
    for name, table in (("attributions", named), ("shares", shares), ("evidence", evidence)):
        write_table(table, study.processed / "causes" / f"{name}.parquet")
    stage.run(study, own)
    return study


def test_all_outputs_are_written_with_documented_columns(simulated: StudyPaths) -> None:
    for name in documented()["score"]:
        assert list(read_table(simulated.results / f"{name}.parquet")) == columns_of(name), name


def test_planted_causes_are_found_under_their_pseudonyms(simulated: StudyPaths) -> None:
    facts = read_json(simulated.results / "score.json")
    assert facts["status"] == "scored" and facts["world"]["seed"] == 4
    assert facts["matching"]["attributed_only"] == 0 == facts["matching"]["planted_only"]
    assert facts["matching"]["gap_days_median"] == 9
    methods = facts["methods"]
    assert methods["posterior"]["log_loss"] == pytest.approx(methods["oracle"]["log_loss"])
    assert methods["oracle"]["log_loss"] < methods["ceiling"]["log_loss"] < methods["prior"]["log_loss"]
    assert {fit.name for fit in read_fits(simulated, "score")} >= {"posterior", "prior", "ceiling", "planted"}


def test_the_command_line_scores_one_study_and_still_simulates_another(
    simulated: StudyPaths, tmp_path: Path
) -> None:
    asked = CliRunner().invoke(cli.app, ["world", "score", "--study", str(simulated.root)])
    assert asked.exit_code == 0 and "posterior" in asked.output and "oracle" in asked.output
    made = CliRunner().invoke(
        cli.app, ["world", "--program", "gym", "--members", "60", "--out", str(tmp_path / "gym")]
    )
    assert made.exit_code == 0 and (tmp_path / "gym" / "raw" / "members.parquet").exists()
    missing = CliRunner().invoke(cli.app, ["world", "--program", "gym"])
    assert missing.exit_code == 2 and "--out" in missing.output


def test_without_planted_causes_it_says_so_and_writes_empty_tables(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    study = StudyPaths.at(tmp_path)
    assert not has_ground_truth(study)
    with caplog.at_level("INFO"):
        stage.run(study, params(study))
    assert "no causes were planted" in caplog.text
    assert read_json(study.results / "score.json") == {"status": "no planted causes"}
    for name in ("cause_scores", "cause_calibration"):
        table = read_table(study.results / f"{name}.parquet")
        assert table.empty and table["method"].dtype == "string" and table["low"].dtype == "float64"
    assert read_fits(study, "score") == []


def test_planted_rows_of_some_members_are_those_of_the_whole_table(simulated: StudyPaths) -> None:
    (whole,) = read_planted(simulated, params(simulated), "option_gains")
    some = set(whole["member_id"].unique()[::9])
    found = planted_table(simulated, params(simulated), "option_gains", ["member_id", "gain"], some)
    expected = whole.loc[whole["member_id"].isin(some), ["member_id", "gain"]]
    pd.testing.assert_frame_equal(found, expected.reset_index(drop=True))
    assert 0 < len(found) < len(whole)
    kinds = planted_table(simulated, params(simulated), "action_efficacy", ["action", "kind"])
    assert list(kinds) == ["action", "kind"]


def test_a_lost_key_is_named(simulated: StudyPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WHYCHURN_KEY", raising=False)
    study = StudyPaths.at(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "truth").symlink_to(simulated.root / "data" / "truth")
    with pytest.raises(WhychurnError, match="there is no key"):
        read_ground_truth(study, params(study))


def test_missing_attributions_name_the_command_to_run(simulated: StudyPaths, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "truth").symlink_to(simulated.root / "data" / "truth")
    with pytest.raises(WhychurnError, match="whychurn run"):
        stage.run(StudyPaths.at(tmp_path), params(StudyPaths.at(tmp_path)))
