"""Every label that a stage can say stands in labels/, in both languages: a stage does not read the words of pages.

Calls of `say` are followed through functions that hand a parameter on as a part of the key. What only data decide is
named in `FROM_DATA`; an open key that is not named there fails.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from whychurn import labels
from whychurn.action.tests_by_lot.as_drawn.outcomes import OUTCOMES
from whychurn.causes.tables.member_reasons import FACTS
from whychurn.contract.causes import CAUSES
from whychurn.contract.tables import TABLES
from whychurn.intake.check.quarantine import REASONS
from whychurn.labels import LANGUAGES, has_words, section_words
from whychurn.panel.features.catalogue import load_catalogue
from whychurn.risk.saved_model import feature_contract

SOURCE = Path(labels.__file__).parents[1]
WORDS = {"labels", "report", "delivery", "stages", "api"}  # words themselves, and what comes after score
FILES = [file for file in sorted(SOURCE.rglob("*.py")) if file.relative_to(SOURCE).parts[0] not in WORDS]
OPEN = "{}"  # the part of a key that is not in the code


# open key: what data can put there; "guarded" where the code asks first whether the word exists
FROM_DATA: dict[str, Iterable[str]] = {
    "causes.{}": CAUSES,
    "causes.fact_{}": [name for _, name, *_ in FACTS],
    "intake.{}": [],  # notices, gathered below
    "asking.{}": [],  # notes: tests/stages/test_asking.py
    "risk.no_model_{}": [],  # again what the error was raised with
    "risk.{}": [],  # sentences of the served model: test_the_served_model_takes_its_sentences_along
    "intake.reason_{}": REASONS,
    "intake.notice_leak_{}": ["auc", "filled_leavers", "filled_stayers", "name", "time", "value"],
    "snapshot.{}": ["few_leavers", "few_stayers", "no_leavers", "no_stayers"],
    "intake.table_{}": TABLES,
    "intake.notice_dropped_{}": ["header", "content", "id", "unique"],
    "survival.cox_step_{}": ["days", "years", "hours"],
    "panel.family_{}": [],  # guarded
    "risk.family_{}": [],  # guarded
    "action.{}": [
        "no_control",
        "only_control",
        "mismatch",
        "waiting",
    ],  # tests/action/tests_by_lot/test_sentences.py
    "action.outcome_{}": ["left", *OUTCOMES],
    "playbook.name_{}": [],  # guarded
    "playbook.what_{}": [],  # guarded; tests/action/playbook/test_playbook.py
    "risk.unit_{}": [],  # guarded, with unit_plain for the others
}


@dataclass(frozen=True)
class Sayer:
    """A function whose parameter number `at` becomes a part of a key, between `before` and `after`."""

    at: int
    before: str
    after: str = ""


def written(node: ast.expr) -> str | None:
    """A string in the code, its open parts as `OPEN`; None for other expressions."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else OPEN for part in node.values)
    return None


def both_ways(node: ast.expr) -> list[ast.expr]:
    """The expression, or both branches where it is a choice."""
    return [*both_ways(node.body), *both_ways(node.orelse)] if isinstance(node, ast.IfExp) else [node]


def open_name(node: ast.expr) -> str | None:
    """Name of the variable that a key ends on."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    held = [part.value if isinstance(part, ast.FormattedValue) else part for part in parts]
    names = [part for part in held if not isinstance(part, ast.Constant)]
    return names[0].id if len(names) == 1 and isinstance(names[0], ast.Name) else None


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == name:
            yield node


def sayers(tree: ast.Module, known: dict[str, Sayer]) -> dict[str, Sayer]:
    """Functions and classes of a module that hand a parameter on to one of the `known`."""
    found = {}
    for node in ast.walk(tree):
        held = node.body if isinstance(node, ast.ClassDef) else [node]
        for function in (part for part in held if isinstance(part, ast.FunctionDef)):
            names = [arg.arg for arg in function.args.args if arg.arg != "self"]
            for told, sayer in known.items():
                for call in calls(function, told):
                    key = call.args[sayer.at] if len(call.args) > sayer.at else None
                    if key is not None and (name := open_name(key)) in names:
                        before = sayer.before + (written(key) or OPEN).split(OPEN)[0]
                        shown = node.name if isinstance(node, ast.ClassDef) else function.name
                        found[shown] = Sayer(names.index(str(name)), before)
    return {name: sayer for name, sayer in found.items() if not (name.startswith("__") or name in known)}


def said_keys() -> dict[str, set[str]]:
    """Keys that stages say, those with an open part among them: key -> files."""
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in FILES}
    base = {"say": Sayer(0, ""), "both": Sayer(0, "")}
    own = {file: sayers(tree, base) for file, tree in trees.items()}
    found: dict[str, set[str]] = {}
    for file, tree in trees.items():
        imported = {
            name: one for module in own.values() for name, one in module.items() if name in taken(tree)
        }
        for name, sayer in {**base, **imported, **own[file]}.items():
            for key in keys_of(tree, name, sayer, set(own[file])):
                found.setdefault(key, set()).add(file.relative_to(SOURCE).as_posix())
    return found


def taken(tree: ast.Module) -> set[str]:
    """Names that a module takes from the project's others."""
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {one.name for node in froms if (node.module or "").startswith("whychurn") for one in node.names}


def keys_of(tree: ast.Module, name: str, sayer: Sayer, handed: set[str]) -> Iterator[str]:
    """Keys of the calls of one sayer; those that only hand a parameter on are told where that function is called."""
    inside = {
        id(call)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in handed
        for call in calls(node, name)
        if open_name(call.args[sayer.at]) in parameters(node)
    }
    for call in calls(tree, name):
        if len(call.args) <= sayer.at or id(call) in inside:
            continue
        for node in values_of(tree, call.args[sayer.at]):
            text = written(node)
            yield sayer.before + (OPEN if text is None else text) + sayer.after


def parameters(node: ast.FunctionDef | ast.ClassDef) -> set[str]:
    return {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}


def values_of(tree: ast.Module, key: ast.expr) -> list[ast.expr]:
    """What a key can be: itself, or what the variable is set to, or loops over, in its module."""
    if not isinstance(key, ast.Name):
        return both_ways(key)
    given: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(getattr(one, "id", "") == key.id for one in node.targets):
            given += both_ways(node.value)
        if isinstance(node, ast.For) and getattr(node.target, "id", "") == key.id:
            given += node.iter.elts if isinstance(node.iter, ast.Tuple | ast.List) else [node.iter]
    return [node for node in given if written(node) is not None] or [key]


SAID = said_keys()


def missing(keys: Iterable[str]) -> list[str]:
    """Keys without a label in both languages."""
    found = []
    for key in keys:
        section, _, name = key.partition(".")
        texts = (
            section_words(section).get(name, {}) if (SOURCE / "labels" / f"{section}.yaml").exists() else {}
        )
        if not all(str(texts.get(lang, "")).strip() for lang in LANGUAGES):
            found.append(key)
    return found


def test_the_search_finds_what_stages_say() -> None:
    assert len(SAID) > 50
    assert SAID.keys() >= {"survival.cox_note_penalised", "risk.no_model_no_rows", "causes.limit_no_text"}
    assert SAID.keys() >= {"survival.no_challenge_too_few_leavers", "risk.rule_is_not", "voice.topic_label"}


def test_each_label_exists_in_both_languages() -> None:
    assert not missing(key for key in SAID if OPEN not in key)


def test_each_open_label_is_filled_with_what_exists() -> None:
    unnamed = {key: files for key, files in SAID.items() if OPEN in key and key not in FROM_DATA}
    assert not unnamed, "name in FROM_DATA what data can put there"
    assert not missing(key.replace(OPEN, end) for key, ends in FROM_DATA.items() for end in ends)


def test_each_notice_of_intake_exists() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in FILES if "intake" in file.parts)
    notices = set(re.findall(r'"((?:notice|decide)_\w+)"', text))
    assert len(notices) > 5
    assert not missing(f"intake.{name}" for name in notices)


def test_each_family_has_a_name() -> None:
    families = load_catalogue()["family"].unique()
    nameless = [
        one for one in families if not (has_words(f"panel.family_{one}") or has_words(f"risk.family_{one}"))
    ]
    assert len(families) > 5 and not nameless


def test_the_served_model_takes_its_sentences_along() -> None:
    sentences = feature_contract([])["sentences"]
    assert set(sentences) == {"raises", "lowers", "missing", "yes", "no"}
    assert all(set(texts) == set(LANGUAGES) and all(texts.values()) for texts in sentences.values())


def test_a_label_moved_to_the_pages_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {**section_words("survival")}
    words.pop("cox_note_penalised")
    words["cox_label_flag"] = {"en": "only English"}
    monkeypatch.setitem(globals(), "section_words", lambda section: words if section == "survival" else {})
    assert missing(["survival.cox_note_penalised", "survival.cox_label_flag", "survival.no_lifetime"]) == [
        "survival.cox_note_penalised",
        "survival.cox_label_flag",
    ]
