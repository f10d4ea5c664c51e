"""dvc.yaml against the code: each stage depends on all it imports and on nothing else, so that a sentence re-runs no fit."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from whychurn.contract.paths import PROJECT
from whychurn.stages.pipeline import STAGES
from whychurn.stages.running.code_digest import code_digest

SOURCE = PROJECT / "src" / "whychurn"
PIPELINE = yaml.safe_load((PROJECT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
PAGES = {"report", "delivery"}  # the stages that a page's text, chart or style may make stale


def file_of(module: str) -> Path | None:
    """Source file of a module of the package, None for what is none."""
    place = SOURCE.parent.joinpath(*module.split("."))
    for file in (place.with_suffix(".py"), place / "__init__.py"):
        if file.exists():
            return file
    return None


def imports(tree: ast.AST) -> Iterator[str]:
    """Modules that run when `tree` does, those imported inside functions with them; not those for types alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)
        else:
            yield from imports(node)


@cache
def files_imported(file: Path) -> frozenset[Path]:
    """Files of the package that `file` imports, packages on the way with them."""
    found = set()
    for name in imports(ast.parse(file.read_text(encoding="utf-8"))):
        parts = name.split(".")
        if parts[0] == "whychurn":
            found |= {file_of(".".join(parts[:end])) for end in range(2, len(parts) + 1)}
    return frozenset(found - {None})


def closure(*starts: Path) -> set[Path]:
    """`starts` and all files of the package that they import, directly or not."""
    reached: set[Path] = set()
    waiting = list(starts)
    while waiting:
        file = waiting.pop()
        if file not in reached:
            reached.add(file)
            waiting += files_imported(file)
    return reached


def code_of(stage: str) -> set[Path]:
    """All files that run in a stage; the attribution methods and the notebooks' code are called by name."""
    starts = [SOURCE / "stages" / f"{stage}.py"]
    if stage == "causes":
        starts += sorted((SOURCE / "causes" / "methods").glob("*.py"))
    if stage == "report":
        starts += sorted((PROJECT / "notebooks").glob("*.py"))
    return {file for file in closure(*starts) if SOURCE in file.parents and not _only_says(file)}


def _only_says(file: Path) -> bool:
    """Whether a package's own file holds its docstring and nothing else."""
    return file.name == "__init__.py" and len(ast.parse(file.read_text(encoding="utf-8")).body) == 1


def code_deps(stage: str) -> list[str]:
    return [dep for dep in PIPELINE[stage]["deps"] if dep.startswith("src/")]


def is_covered(file: Path, deps: list[str]) -> bool:
    return any(file == PROJECT / dep or PROJECT / dep in file.parents for dep in deps)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_all_that_it_imports(stage: str) -> None:
    missing = [file for file in code_of(stage) if not is_covered(file, code_deps(stage))]
    assert not [file.relative_to(PROJECT).as_posix() for file in sorted(missing)]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_nothing_that_it_does_not_import(stage: str) -> None:
    code = code_of(stage)
    unused = [
        dep
        for dep in code_deps(stage)
        if dep.endswith(".py") or (PROJECT / dep).is_dir()
        if not any(is_covered(file, [dep]) for file in code)
    ]
    assert not unused


@pytest.mark.parametrize("stage", [name for name in STAGES if name not in PAGES])
def test_no_page_is_part_of_a_stage_that_computes(stage: str) -> None:
    """A text, a chart or a style of a page, a notebook, a label of another question: none makes it stale."""
    pages = [*(SOURCE / "report").rglob("*"), *(PROJECT / "notebooks").glob("*.py")]
    assert not [page for page in pages if is_covered(page, code_deps(stage))]


@pytest.mark.parametrize("stage", sorted(PAGES))
def test_a_page_makes_its_own_stages_stale(stage: str) -> None:
    words = SOURCE / "report" / "words" / "survival.yaml"
    assert words.exists() and is_covered(words, code_deps(stage))


def test_an_edited_page_makes_the_stages_of_pages_stale_and_no_other(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(
        PROJECT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns("__pycache__")
    )

    def digests() -> dict[str, list[str]]:
        return {
            name: [code_digest(tmp_path / dep) for dep in stage["deps"] if not dep.startswith("data/")]
            for name, stage in PIPELINE.items()
        }

    report = tmp_path / "src" / "whychurn" / "report"
    edited = [
        "words/causes.yaml",
        "survival/sentences/curves.py",
        "drawing/theme.py",
        "page/template/style.css",
    ]
    for file in [*(report / name for name in edited), tmp_path / "notebooks" / "50_causes.py"]:
        before = digests()
        file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        after = digests()
        stale = {name for name in STAGES if before[name] != after[name]}
        assert "report" in stale and stale <= PAGES, f"{file.name} makes {stale} stale"


@pytest.mark.parametrize("file", sorted((SOURCE / "labels").glob("*.yaml")), ids=lambda file: file.stem)
def test_a_label_touches_its_own_question_and_what_names_it(file: Path) -> None:
    users = {name for name in STAGES if name not in PAGES and is_covered(file, code_deps(name))}
    commands = {
        "action",
        "panel",
        "asking",
        "plan",
        "playbook",
    }  # said by commands and pages, by no stage of that name
    assert file.stem in users | commands and len(users) <= 3, f"{file.name} makes {users} stale"
