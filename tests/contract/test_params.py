"""Parameters: defaults that stay what they were, typed, frozen, and helpful when a key is misspelt or has left."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import (
    Params,
    RiskParams,
    SnapshotParams,
    SurvivalParams,
    effective_values,
    load_params,
    merge,
)
from whychurn.contract.params.action import TRIGGERS, OwnAction, OwnChannel, Warnings
from whychurn.contract.params.reading import load
from whychurn.contract.params.reading.problems import retired_keys, yaml_remedy
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.contract.yaml_files import read_yaml

FROZEN = Path(__file__).with_name(
    "frozen_params.json"
)  # every key of the one long params.yaml of old, and its value
CHANGED = {
    "study.name.en": "Programme without a name",
    "study.name.zh": "未命名的项目",
    "study.currency": "",
    "causes.memory_limit": "4GB",  # one limit for all stages; results do not depend on it
    "intake.fold": None,  # by evidence
    "business.high_risk": "auto",  # few members still there reach one half
    "risk.high_risk": "auto",
    "causes.excess_prior": 10.0,  # of a cause, no longer of each exposure
    "causes.tolerance": 0.0001,  # move of a share, no longer gain of the likelihood
}


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        below = isinstance(value, dict) and value
        found |= flat(value, f"{prefix}{key}.") if below else {f"{prefix}{key}": value}
    return found


def study_with(folder: Path, text: str) -> StudyPaths:
    (folder / "params.yaml").write_text(text, encoding="utf-8")
    return StudyPaths.at(folder)


def test_a_study_overrides_single_keys_and_keeps_the_rest(tmp_path: Path) -> None:
    params = load_params(study_with(tmp_path, "panel: {horizon_days: 45}\n"))
    base = load_params(StudyPaths.at(PROJECT))
    assert params.panel.horizon_days == 45
    assert params.panel.model_copy(update={"horizon_days": base.panel.horizon_days}) == base.panel
    assert params.intake.source == "raw", "a study's tables lie in its own raw/"


def test_a_study_needs_no_params_file(tmp_path: Path) -> None:
    assert load_params(StudyPaths.at(tmp_path)).panel == load_params(StudyPaths.at(PROJECT)).panel


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("panel: {horizn_days: 45}", "panel.horizon_days"),
        ("pannel: {horizon_days: 45}", "'panel'"),
        ("panel: {horizon_days: soon}", "panel.horizon_days"),
        ("panel: {horizon_days: 0}", "greater than or equal to 1"),
        ("privacy: {pseudonymize: 'yes'}", "privacy.pseudonymize"),
        ("- a list", "mapping of sections"),
        ("panel: {horizon_days: [", "not readable as YAML"),
    ],
)
def test_a_wrong_key_or_type_is_named_with_the_file(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(WhychurnError) as caught:
        load_params(study_with(tmp_path, text))
    assert expected in str(caught.value)
    assert str(tmp_path / "params.yaml") in str(caught.value)


def test_parameters_cannot_be_changed() -> None:
    params = load_params(StudyPaths.at(PROJECT))
    with pytest.raises(ValidationError):
        params.panel.horizon_days = 1  # type: ignore[misc]


def test_merge_changes_neither_side() -> None:
    base, over = {"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}
    assert merge(base, over) == {"a": {"b": 3, "c": 2}}
    assert base == {"a": {"b": 1, "c": 2}} and over == {"a": {"b": 3}}


def test_a_date_may_be_written_with_or_without_quotes(tmp_path: Path) -> None:
    for text in ("2025-06-30", "'2025-06-30'"):
        study = study_with(tmp_path, f"intake: {{observed_until: {text}}}")
        assert load_params(study).intake.observed_until == dt.date(2025, 6, 30)
        assert effective_values(study)["intake"]["observed_until"] == "2025-06-30", (
            "DVC tracks text, not dates"
        )


def test_defaults_are_the_values_of_the_former_file_types_included() -> None:
    now, left = flat(Params().model_dump(mode="json")), retired_keys()
    for key, value in json.loads(FROZEN.read_text(encoding="utf-8")).items():
        if key in now:
            assert repr(now[key]) == repr(CHANGED.get(key, value)), key
            continue
        old = next((name for name in left if f"{key}.".startswith(f"{name}.")), None)
        assert old is not None, f"{key} has left: say where it went in retired.yaml"
        if left[old].startswith("set "):
            assert repr(now[left[old].removeprefix("set ") + key.removeprefix(old)]) == repr(
                CHANGED.get(key, value)
            ), key


def test_the_project_s_own_file_says_the_defaults_in_at_most_90_lines() -> None:
    text = (PROJECT / "params.yaml").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 90
    written, defaults = flat(read_yaml(PROJECT / "params.yaml")), flat(Params().model_dump(mode="json"))
    own = {key: value for key, value in written.items() if value != {} and not key.startswith("study.")}
    assert own.pop("world.interviews") > 0, "the demo shows what interviews of leavers drawn by lot tell"
    assert own == {key: defaults[key] for key in own}, "all but the demo's own name, currency and interviews"


def test_every_section_and_key_that_a_stage_depends_on_is_in_the_project_s_own_file() -> None:
    written = read_yaml(PROJECT / "params.yaml")
    assert list(written) == list(Params.model_fields)
    for name, stage in read_yaml(PROJECT / "dvc.yaml")["stages"].items():
        for key in stage["params"]:
            place = written
            for part in key.split("."):
                assert part in place, f"{name}: DVC refuses {key}, which params.yaml lacks"
                place = place[part]


def test_effective_values_hold_every_key_and_load_as_they_are(tmp_path: Path) -> None:
    study = study_with(tmp_path, "risk: {trials: 3}")
    values = effective_values(study)
    assert flat(values).keys() == flat(Params().model_dump(mode="json")).keys()
    assert Params.model_validate(values) == load_params(study)
    assert values["risk"]["trials"] == 3 and values["intake"]["source"] == "raw"


def test_defaults_suffice_where_the_project_has_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "PROJECT", tmp_path / "installed")
    params = load_params(study_with(tmp_path, "run: {seed: 8}"))
    assert params.run.seed == 8
    assert params.model_copy(update={"run": Params().run, "intake": Params().intake}) == Params()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("risk: {seed: 8}", "'risk.seed' is no parameter any more: set run.seed"),
        ("delivery: {languages: [en]}", "set report.languages"),
        ("survival: {cox: {covariates: {age_years: 5}}}", "catalogue.yaml"),
        ("survival: {lifetime: {tiers: {high: 0.1}}}", "set survival.value_tiers"),
        ("risk: {season_days: 100}", "SEASON_DAYS in panel/feature_encoding.py"),
    ],
)
def test_a_key_that_has_left_is_told_with_where_it_went(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(WhychurnError) as caught:
        load_params(study_with(tmp_path, text))
    assert expected in str(caught.value) and str(tmp_path / "params.yaml") in str(caught.value)


def test_retired_keys_are_no_parameters_and_lead_to_some() -> None:
    now = Params().model_dump()
    for key, words in retired_keys().items():
        for name, known in ((key, False), (words.removeprefix("set "), True)):
            if known and not words.startswith("set "):
                continue
            place: Any = now
            for part in name.split("."):
                place = place.get(part) if isinstance(place, dict) else None
            assert (place is not None) == known, f"{key}: {words}"


def test_a_section_can_be_given_as_an_object() -> None:
    params = Params(risk=RiskParams(trials=3), survival=SurvivalParams(value_tiers={"high": 0.5}))
    assert params.risk.trials == 3 and params.risk.bins == Params().risk.bins
    assert params.survival.value_tiers == {"high": 0.5}
    with pytest.raises(ValidationError):
        RiskParams(trials=0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"risk:\n\ttrials: 3\n", "line 2 begins with a tab"),
        (b"risk:\n  trials: 2\n  bootstrap: 20\n  trials: 4\n", "'trials' stands twice, in lines 2 and 4"),
        (
            b"risk: {trials: 2}\nsurvival: {}\nrisk: {bootstrap: 20}\n",
            "'risk' stands twice, in lines 1 and 3",
        ),
        ("intake:\n  codes:\n    orders.returned: {是: true, 是: false}\n".encode(), "'是' stands twice"),
        ("risk：\n  trials: 3\n".encode(), "full-width colon"),
        ("study: {name: {zh: 商城}}\n".encode("gb18030"), "save the file as UTF-8"),
        ("risk: {trials: 3}\n".encode("utf-16"), "save the file as UTF-8"),
        (b"risk: &a {trials: *a}\n", "holds itself"),
        (b"risk: {trials: 3\n", "mend the line"),
        (b"- risk\n- panel\n", "mapping of sections"),
        (b"risk: 5\n", "risk"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_with_what_to_mend(
    tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "params.yaml").write_bytes(content)
    with pytest.raises(WhychurnError) as caught:
        load_params(StudyPaths.at(tmp_path))
    assert words in str(caught.value)
    assert str(tmp_path / "params.yaml") in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"# nothing yet\n",
        b"risk:\n",
        b"\xef\xbb\xbfrisk:\r\n  trials: 3\r\n",
        b"risk: &a {trials: 3}\nsurvival: {}\n",
    ],
)
def test_empty_files_and_sections_set_nothing_and_editors_marks_do_not_matter(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "params.yaml").write_bytes(content)
    assert load_params(StudyPaths.at(tmp_path)).risk.trials == (
        3 if b"3" in content else Params().risk.trials
    )


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").mkdir()
    with pytest.raises(WhychurnError, match="this is a folder"):
        load_params(StudyPaths.at(tmp_path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("risk:\n  trials: 3\n \tbootstrap: 20\n", "line 3 begins with a tab"),
        ("risk:\n  trials: 3\t# a tab after the value\n", "mend the line that is named"),
        ("study:\n  currency：CNY\n", "line 2 holds a full-width colon"),
        ("study:\n  currency：CNY  # as in: prices\n", "line 2 holds a full-width colon"),
        ("study: {name: {zh: 会员：甲}}\nrisk: {\n", "mend the line that is named"),
        ("# 说明：会员\nrisk: {\n", "mend the line that is named"),
        ("risk: {trials: 3  # 次数：\n", "mend the line that is named"),
    ],
)
def test_the_slip_that_is_named_is_the_one_that_was_made(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(content, encoding="utf-8")
    assert words in yaml_remedy(file)


def test_a_file_in_another_encoding_is_to_be_saved_as_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_bytes("study: {name: {zh: 商城}}\n".encode("gb18030"))
    assert yaml_remedy(file) == "save the file as UTF-8"


def test_a_snapshot_s_columns_and_parts_can_be_set() -> None:
    given = SnapshotParams(tenure_unit="years", keep=["plan"], folds=2)
    assert (given.tenure_unit, given.keep, given.leave_out, given.folds) == ("years", ["plan"], [], 2)
    assert Params().snapshot == SnapshotParams()


@pytest.mark.parametrize(
    "wrong",
    [
        {"folds": 1},
        {"tenure_unit": "weeks"},
        {"keep": "plan"},
        {"min_leavers": 0},
        {"repeats": 0},
        {"fold": 5},
    ],
)
def test_a_snapshot_s_parameters_have_bounds(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        SnapshotParams(**wrong)


def test_own_actions_and_channels_are_checked_and_default_to_what_is_free() -> None:
    assert OwnAction().for_ == "present" and OwnChannel().needs is None
    assert Warnings().triggers == list(TRIGGERS)
    for section in ({"actions": {"call": {"causes": ["weather"]}}}, {"channels": {"app": {"a_week": 0}}}):
        with pytest.raises(ValidationError):
            Params.model_validate({"action": section})
