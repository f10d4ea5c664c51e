"""Causes and sentiment on public labels: better than the majority class and than counting keywords."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("WHYCHURN_SHARED_DATA", ROOT.parent / "shared" / "data"))
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not DATA.is_dir(), reason="the public data sets are not here (WHYCHURN_SHARED_DATA)"),
]


def benchmark():
    spec = importlib.util.spec_from_file_location("public_voice", ROOT / "benchmarks" / "public_voice.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look it up
    spec.loader.exec_module(module)
    return module


def measured(tasks, name):
    module = benchmark()
    task = next(task for task in getattr(module, tasks)(DATA) if task.name == name)
    return module.measure(task).set_index("method")


@pytest.mark.parametrize(
    "name", ["ccf cars, negative", "semeval, negative", "semeval, negative, 4 aspects", "airline reasons"]
)
def test_causes_beat_the_floors(name: str) -> None:
    found = measured("cause_tasks", name)
    words = found.loc["shipped words"]
    for floor in ("majority", "keyword count"):
        assert words["macro_f1"] > found.loc[floor, "macro_f1"]
        assert words["kappa_low"] > found.loc[floor, "kappa"]


@pytest.mark.parametrize("name", ["hotels (zh)", "airline tweets, 3 classes"])
def test_sentiment_beats_the_floors(name: str) -> None:
    found = measured("sentiment_tasks", name)
    for floor in ("majority", "keyword count"):
        assert found.loc["shipped words", "macro_f1_low"] > found.loc[floor, "macro_f1_high"]
        assert found.loc["shipped words", "accuracy"] > found.loc[floor, "accuracy"]
