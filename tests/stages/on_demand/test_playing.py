"""A plan file of a study is played in the world that the study was simulated from; other studies are refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from whychurn.cli.groups import app, world
from whychurn.cli.worlds import world_play
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_json
from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import StudyPaths
from whychurn.intake.privacy.pseudonym import find_key, pseudonyms
from whychurn.score.ground_truth import read_planted
from whychurn.stages.on_demand.playing import PLAN_FILE, game_of, play_study, simulated_from
from whychurn.world.build import KEY_FILE, build_world
from whychurn.world.truth.folder import FOLDER

WORLD = "world: {members: 400, months: 12, play_weeks: 13, seed: 5}\naction: {budget: 500}\n"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyPaths:
    root = tmp_path_factory.mktemp("played")
    (root / "params.yaml").write_text(WORLD, encoding="utf-8")
    place = StudyPaths.at(root)
    build_world(load_params(place).world, place.root, place.raw)
    return place


def plan_for(study: StudyPaths, ids: pd.Series) -> pd.DataFrame:
    state = pd.read_parquet(study.root / FOLDER / "decision_state.parquet")
    members = pd.read_parquet(study.raw / "members.parquet")
    asked = state["present"] & members["marketing_consent"].eq(True)
    return pd.DataFrame(
        {"member_id": ids[asked], "action": "personal_picks", "channel": None, "send_on": None}
    ).head(10)


def test_pseudonyms_and_company_ids_name_the_same_members(study: StudyPaths, tmp_path: Path) -> None:
    params = load_params(study)
    own = pd.read_parquet(study.raw / "members.parquet")["member_id"].astype("string")
    key = find_key(study, params.intake.source)
    assert key is not None
    game = game_of(study, params, 2, ["none"])
    assert game.budget == 500 and game.member_4_weeks == 2
    tables = []
    for name, ids in (("own", own), ("pseudonyms", pseudonyms(own, key))):
        file = tmp_path / f"{name}.csv"
        plan_for(study, ids).to_csv(file, index=False)
        played = play_study(study, params, file, game, lambda _: None)
        assert len(played.contacts["plan"].rows) == 10 and not played.contacts["plan"].dropped
        tables.append(played.table)
    pd.testing.assert_frame_equal(*tables)
    (study.results).mkdir(parents=True, exist_ok=True)
    plan_for(study, own).to_parquet(study.results / PLAN_FILE)
    pd.testing.assert_frame_equal(play_study(study, params, None, game, lambda _: None).table, tables[0])


def test_a_study_without_a_budget_is_played_with_that_of_its_plan(tmp_path: Path) -> None:
    place = StudyPaths.at(tmp_path)
    assert game_of(place, Params(), 2, ["none"]).budget is None
    write_json({"plan": {"budget": 812.5}}, place.results / "action.json")
    assert game_of(place, Params(), 2, ["none"]).budget == 812.5
    given = Params.model_validate({"action": {"budget": 90}})
    assert game_of(place, given, 2, ["none"]).budget == 90


def test_the_command_says_what_was_carried_out(study: StudyPaths, tmp_path: Path) -> None:
    assert world_play in [command.callback for command in world.registered_commands]
    own = pd.read_parquet(study.raw / "members.parquet")["member_id"]
    plan = pd.concat([plan_for(study, own), pd.DataFrame({"member_id": ["X"], "action": ["coupon"]})])
    plan.to_csv(tmp_path / "plan.csv", index=False)
    words = ["world", "play", "--study", str(study.root), "--plan", str(tmp_path / "plan.csv")]
    words += ["--futures", "2", "--against", "none", "--out", str(tmp_path / "played.csv")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "10 contacts are made" in done.output and "unknown member: 1 rows" in done.output
    assert pd.read_csv(tmp_path / "played.csv")["policy"].tolist() == ["plan", "none"]


def test_planted_tables_stand_under_the_ids_of_results(study: StudyPaths) -> None:
    params = load_params(study)
    key = find_key(study, params.intake.source)
    assert key is not None
    own = pd.read_parquet(study.root / FOLDER / "decision_state.parquet")["member_id"].astype("string")
    state, efficacy = read_planted(study, params, "decision_state", "action_efficacy")
    assert state["member_id"].tolist() == pseudonyms(own, key).tolist()
    assert "member_id" not in efficacy


def test_a_study_that_is_not_simulated_is_refused(study: StudyPaths, tmp_path: Path) -> None:
    with pytest.raises(WhychurnError, match="not simulated"):
        simulated_from(StudyPaths.at(tmp_path))
    assert simulated_from(study).seed == 5
    kept = (study.raw / KEY_FILE).read_text(encoding="ascii")
    (study.raw / KEY_FILE).write_text("another company\n", encoding="ascii")
    with pytest.raises(WhychurnError, match="not those of the simulated world"):
        simulated_from(study)
    (study.raw / KEY_FILE).write_text(kept, encoding="ascii")
