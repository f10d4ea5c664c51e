"""What import-linter cannot hold (see pyproject.toml): who opens the truth and the parameters, circles, sizes, names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "whychurn"
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


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_models_are_never_pickled(file: Path) -> None:
    tops = {name.split(".")[0] for name in imported(file)}
    assert not tops & {"pickle", "joblib", "cloudpickle", "dill"}


# a person asks for a score by name; no stage imports the front door (import contracts)
DOORS_FOR_PEOPLE = ("whychurn.cli", "whychurn.score.results", "whychurn.api")
TRUTH_DOORS = {
    "stages/world.py",
    "stages/score.py",
    "score/ground_truth.py",
}  # written by one, scored against by the others
PARAMETER_DOORS = {
    "contract/params/reading/load.py",
    "stages/pipeline.py",
    "delivery/registry/experiment.py",
}  # the last two write one


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_truth_and_parameters_have_one_door(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    relative = file.relative_to(SOURCE).as_posix()
    if folder_of(file) != "world" and relative not in TRUTH_DOORS:
        assert "truth" not in code_strings(text), f"{relative} names the planted truth"
    if relative not in PARAMETER_DOORS:
        assert "params.yaml" not in opened_names(text)


def test_no_other_stage_can_reach_the_truth() -> None:
    """Neither by its path, nor through a module that knows the path, nor as a dependency of its stage."""
    names = [".".join(("whychurn", *file.relative_to(SOURCE).with_suffix("").parts)) for file in FILES]
    modules = dict(zip((name.removesuffix(".__init__") for name in names), FILES, strict=True))
    knows = {
        "whychurn.world.truth.folder",
        "whychurn.score.planted",
        "whychurn.world.build",
        "whychurn.stages.world",
        "whychurn.stages.score",
        "whychurn.stages.on_demand.playing",  # a person plays a plan in a simulated programme; no stage does
    }
    for name, file in modules.items():
        if name.startswith(("whychurn.world", *DOORS_FOR_PEOPLE, "whychurn.score")):
            continue
        if name in {*knows, "whychurn"}:
            continue
        reached, open_ends = set(), [name]
        while open_ends:
            here = open_ends.pop()
            if here not in reached and here in modules:
                reached.add(here)
                open_ends += [other for other in imported(modules[here]) if other != "whychurn"]
        assert not reached & knows, f"{file} reaches {reached & knows}"
    commands = "\n".join(file.read_text(encoding="utf-8") for file in (SOURCE / "cli").glob("*.py"))
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
                said = len((ast.get_docstring(node, clean=False) or "").splitlines())
                length = (node.end_lineno or 0) - node.lineno + 1 - said
                assert length <= 50, f"{file}:{node.lineno} {node.name}: {length} lines"


def test_a_folder_shows_at_most_13_modules() -> None:
    for folder in {file.parent for file in FILES}:
        modules = [file for file in folder.glob("*.py") if file.name != "__init__.py"]
        rooms = [place for place in folder.iterdir() if (place / "__init__.py").exists()]
        most = 21 if folder.name in ("params", "stages") else 13  # there, a file a section or stage
        assert len(modules) <= most and len(modules) + len(rooms) <= 21, folder


def test_no_circle_of_imports() -> None:
    names = {".".join(("whychurn", *file.relative_to(SOURCE).with_suffix("").parts)): file for file in FILES}
    graph = {
        name.removesuffix(".__init__"): {
            other for other in imported(file) if other in names and other != name
        }
        for name, file in names.items()
    }
    list(TopologicalSorter(graph).static_order())  # raises where modules import each other


def test_no_vague_names() -> None:
    vague = {"utils", "helpers", "common", "misc"}
    assert not [file for file in FILES if vague & {part.removesuffix(".py") for part in file.parts}]


@pytest.mark.parametrize("file", sorted((SOURCE / "cli").glob("*.py")), ids=lambda file: file.stem)
def test_importing_the_command_line_loads_no_model_library(file: Path) -> None:
    top = {
        name.split(".")[0]
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [n.name for n in node.names])
        if name
    }
    assert not top & {"mlflow", "xgboost", "shap", "pandas", "matplotlib", "bertopic"}


@pytest.mark.parametrize("file", sorted((ROOT / "benchmarks").glob("*.py")), ids=lambda file: file.stem)
def test_benchmarks_name_what_exists(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("whychurn."):
            module = import_module(node.module or "")
            missing = [name.name for name in node.names if not hasattr(module, name.name)]
            assert all(find_spec(f"{node.module}.{name}") for name in missing), f"{node.module}: {missing}"
