"""The worked examples of the front door do what they show; one small simulated shop serves them all."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from typing import Any

import pytest

import whychurn
import whychurn.api
from whychurn.api.settings import settings

pytestmark = pytest.mark.xdist_group("api")
MODULES = [found.name for found in pkgutil.walk_packages(whychurn.api.__path__, "whychurn.api.")]
QUICK: dict[str, Any] = {
    "survival": {"challenge": {"max_rounds": 30}},
    "risk": {"bootstrap": 10, "max_rounds": 30},
    "score": {
        "bootstrap": 10,
        "ceiling": {"rounds": [10], "tree_depths": [2], "logistic_c": [0.03], "weights": [0.5]},
    },
}


@pytest.fixture(scope="session")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the examples take as given."""
    shop = whychurn.simulate(members=800, months=18)
    said = whychurn.read_texts(shop.tables)
    rows = whychurn.panel(shop.tables, texts=said)
    return {
        "shop": shop,
        "said": said,
        "rows": rows,
        "stays": whychurn.spells(shop.tables),
        "why": whychurn.attribute(shop.tables, panel=rows, texts=said, method="majority_vote"),
        "quick": settings(QUICK),
        "folder": tmp_path_factory.mktemp("a study"),
    }


@pytest.mark.parametrize("module", MODULES)
def test_examples(module: str, names: dict[str, Any]) -> None:
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for test in doctest.DocTestFinder().find(importlib.import_module(module), extraglobs=names):
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_every_public_name_has_an_example() -> None:
    without = [
        name
        for name in whychurn.__all__
        if name != "Study" and "Examples\n" not in (getattr(whychurn, name).__doc__ or "")
    ]
    assert not without, without
