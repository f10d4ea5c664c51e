"""params.yaml: typed, frozen, and helpful when a key is misspelt."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from pydantic import ValidationError

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import effective_values, load_params, merge
from whychurn.contract.paths import PROJECT, StudyPaths


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
