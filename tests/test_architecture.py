"""The import graph: a folder imports only folders above it in the story."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "whychurn"
ORDER = [
    "contract", "world", "intake", "voice", "panel", "retention", "survival", "risk",
    "causes", "action", "watch", "delivery", "stages", "cli",
]  # fmt: skip
APART = {"voice", "retention", "survival", "risk"}  # they meet in results files only
FILES = sorted(SOURCE.rglob("*.py"))


def folder_of(file: Path) -> str:
    return file.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: write absolute imports"
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)


def own_folders(file: Path) -> set[str]:
    parts = [name.split(".") for name in imported(file) if name.startswith("whychurn.")]
    return {part[1] for part in parts} & set(ORDER)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_imports_point_up_the_story(file: Path) -> None:
    here = folder_of(file)
    if here == "__init__":
        assert not own_folders(file)
        return
    for other in own_folders(file) - {here}:
        assert ORDER.index(other) < ORDER.index(here), f"{here} must not import {other}"
        assert not {here, other} <= APART, f"{here} and {other} meet in results files only"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_libraries_stay_in_their_place(file: Path) -> None:
    tops = {name.split(".")[0] for name in imported(file)}
    relative = file.relative_to(SOURCE)
    if folder_of(file) != "delivery":
        assert "mlflow" not in tops
    if (
        file.name != "figures.py"
        and "figures" not in relative.parts
        and relative != Path("contract/theme.py")
    ):
        assert "matplotlib" not in tops or folder_of(file) == "delivery"
    assert not tops & {"pickle", "joblib", "cloudpickle", "dill"}


TRUTH_DOORS = {"stages/world.py", "stages/score.py"}  # one writes it, the other scores against it


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_truth_and_parameters_have_one_door(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    relative = file.relative_to(SOURCE).as_posix()
    if folder_of(file) != "world" and relative not in TRUTH_DOORS:
        assert "truth" not in code_strings(text), f"{relative} names the planted truth"
    if relative not in {
        "contract/params.py",
        "stages/pipeline.py",
        "delivery/experiment.py",
    }:  # the last two write one
        assert "params.yaml" not in opened_names(text)


def test_no_other_stage_can_reach_the_truth() -> None:
    """Neither by its path, nor through a module that knows the path, nor as a dependency of its stage."""
    names = [".".join(("whychurn", *file.relative_to(SOURCE).with_suffix("").parts)) for file in FILES]
    modules = dict(zip((name.removesuffix(".__init__") for name in names), FILES, strict=True))
    knows = {
        "whychurn.world.truth.planted",
        "whychurn.world.build",
        "whychurn.stages.world",
        "whychurn.stages.score",
    }
    for name, file in modules.items():
        if name.startswith("whychurn.world") or name in knows or name == "whychurn.cli":
            continue
        reached, open_ends = set(), [name]
        while open_ends:
            here = open_ends.pop()
            if here not in reached and here in modules:
                reached.add(here)
                open_ends += [other for other in imported(modules[here]) if other != "whychurn"]
        assert not reached & knows, f"{file} reaches {reached & knows}"
    commands = (SOURCE / "cli.py").read_text(encoding="utf-8")
    assert "truth" not in code_strings(commands) and "world.truth" not in commands
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    for name, stage in stages.items():
        named = {key for key, value in stage.items() if "truth" in str(value)}
        assert named - {"desc"} == (
            {"outs"} if name == "world" else {"deps"} if name == "score" else set()
        ), name
        broad = {"data", "data/", "."} & set(stage["deps"])
        assert not broad, f"{name} depends on {broad}, which holds the truth"


def code_strings(text: str) -> set[str]:
    """Path-like strings in the code (docstrings and sentences left out)."""
    return {
        part
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value
        for part in node.value.split("/")
    }


def opened_names(text: str) -> set[str]:
    """Strings handed to open() or joined to a path."""
    names = set()
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.Div)
            and isinstance(node.right, ast.Constant)
        ):
            names.add(str(node.right.value))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "open" and node.args:
            names.add(ast.unparse(node.args[0]))
    return names


def test_sizes_stay_readable() -> None:
    for file in FILES:
        lines = file.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 400, f"{file}: {len(lines)} lines; split it"
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.FunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                assert length <= 60, f"{file}:{node.lineno} {node.name}: {length} lines"


def test_no_vague_names() -> None:
    vague = {"utils", "helpers", "common", "misc"}
    assert not [file for file in FILES if vague & {part.removesuffix(".py") for part in file.parts}]


def test_importing_the_command_line_loads_no_model_library() -> None:
    top = {
        name.split(".")[0]
        for node in ast.parse((SOURCE / "cli.py").read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [n.name for n in node.names])
        if name
    }
    assert not top & {"mlflow", "xgboost", "shap", "pandas", "matplotlib", "bertopic"}
