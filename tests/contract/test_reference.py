"""Every parameter is told with its meaning, and the page that tells them is up to date."""

from __future__ import annotations

from typer.testing import CliRunner

from whychurn.cli import app
from whychurn.contract.params import Params
from whychurn.contract.params.reference import PAGE, entries, reference_page


def test_every_parameter_has_a_meaning_of_its_own_line() -> None:
    found = entries()
    assert not [entry.key for entry in found if not entry.meaning]
    assert len({entry.key for entry in found}) == len(found)


def test_the_page_is_what_the_classes_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference_page(), (
        "run: python -m whychurn.contract.params.reference"
    )


def test_types_are_told_in_words() -> None:
    kinds = {entry.key: (entry.kind, entry.default) for entry in entries()}
    assert kinds["panel.churn"] == ("auto or terms or inactivity", '"auto"')
    assert kinds["panel.threshold_days"] == ("int or auto", '"auto"')
    assert kinds["run.confidence"] == ("float > 0, < 1", "0.95")
    assert kinds["intake.observed_until"] == ("date or null", "null")
    assert kinds["survival.stay_days"] == ("list of int", "[90, 180, 365, 730]")
    assert kinds["retention.tiers"][0] == "map of text to float"


def test_the_command_line_lists_all_or_one_section() -> None:
    everything = CliRunner().invoke(app, ["params"], env={"COLUMNS": "300"})
    assert everything.exit_code == 0
    assert all(f" {entry.key} " in everything.output for entry in entries())
    one = CliRunner().invoke(app, ["params", "--section", "run"], env={"COLUMNS": "300"})
    assert "run.seed" in one.output and "risk." not in one.output
    wrong = CliRunner().invoke(app, ["params", "--section", "rum"])
    assert all(name in str(wrong.exception) for name in Params.model_fields)
