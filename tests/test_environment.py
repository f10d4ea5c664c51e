"""The lock, environment.yml and the make targets say the same as pyproject.toml."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
LOCKED = [
    (Requirement(entry.split("\\")[0].strip()), re.findall(r"--hash=(\S+)", entry))
    for entry in re.split(r"\n(?=\S)", LOCK.strip())
]
PLATFORMS = [
    {"python_version": version, "python_full_version": f"{version}.5", "sys_platform": system, "platform_machine": machine}
    for version in ("3.11", "3.12", "3.13")
    for system, machine in (("linux", "x86_64"), ("darwin", "arm64"))
]  # fmt: skip


def test_environment_is_what_the_script_writes() -> None:
    path = ROOT / ".ci" / "write_environment.py"
    spec = importlib.util.spec_from_file_location("write_environment", path)
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    written = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert written == script.environment_text(), "run `make lock`"
    assert PYPROJECT["project"]["requires-python"] in written


def test_the_lock_has_hashes_and_no_addresses() -> None:
    assert not re.findall(r"://|\bfile:|--index|--find-links|--extra-index|@ ", LOCK)
    assert len(LOCKED) > 100
    for requirement, hashes in LOCKED:
        assert hashes and all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), requirement.name
        assert [clause.operator for clause in requirement.specifier] == ["=="], requirement.name


def test_the_default_install_has_no_torch_and_no_cuda() -> None:
    heavy = re.compile(
        r"^(torch|triton|tensorflow|jax|nvidia-|cuda-|cupy|sentence-transformers|transformers|pyspark)"
    )
    assert not [
        requirement.name for requirement, _ in LOCKED if heavy.match(canonicalize_name(requirement.name))
    ]


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda p: f"{p['sys_platform']}-{p['python_version']}")
def test_the_lock_satisfies_pyproject(platform: dict[str, str]) -> None:
    locked = {
        canonicalize_name(requirement.name): requirement
        for requirement, _ in LOCKED
        if requirement.marker is None or requirement.marker.evaluate(platform)
    }
    wanted = [*PYPROJECT["project"]["dependencies"], *PYPROJECT["dependency-groups"]["dev"]]
    for requirement in map(Requirement, wanted):
        if requirement.marker is not None and not requirement.marker.evaluate(platform):
            continue
        name = canonicalize_name(requirement.name)
        assert name in locked, f"{name} is not in the lock: run `make lock`"
        [pinned] = locked[name].specifier
        assert requirement.specifier.contains(pinned.version), f"{name} {pinned.version}: run `make lock`"


def test_extras_are_extras() -> None:
    extras = PYPROJECT["project"]["optional-dependencies"]
    assert set(extras) == {"embeddings", "spark"}
    default = {canonicalize_name(Requirement(line).name) for line in PYPROJECT["project"]["dependencies"]}
    for lines in extras.values():
        assert not default & {canonicalize_name(Requirement(line).name) for line in lines}


def test_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony is not None
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"make (\w+)", shown)) >= set(phony[1].split())


def test_there_is_one_lock() -> None:
    assert not [name for name in ("uv.lock", "poetry.lock", "Pipfile.lock") if (ROOT / name).exists()]


def test_the_wheel_carries_what_a_study_needs_of_the_project() -> None:
    """Every notebook by name: a folder would take along what somebody tried in notebooks/scratch."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    inside = build["targets"]["wheel"]["force-include"]
    notebooks = {f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.py")}
    assert set(inside) == notebooks | {"dvc.yaml", "params.yaml"}
    assert all(target == f"whychurn/{source}" for source, target in inside.items())
