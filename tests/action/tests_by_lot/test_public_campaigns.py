"""Benchmark of public campaigns: Qini on planted responders, and the raw files where they are at hand."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from whychurn.action.tests_by_lot.readout import read_tests
from whychurn.contract.params.action import ActionParams
from whychurn.contract.paths import PROJECT

RAW = PROJECT.parent / "shared" / "data"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "public_actions", PROJECT / "benchmarks" / "public_actions.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_qini_is_beyond_its_null_for_a_score_that_tells_and_within_it_for_noise(
    benchmark: ModuleType,
) -> None:
    rng = np.random.default_rng(1)
    n = 8000
    responds, treated = rng.random(n) < 0.3, rng.random(n) < 0.5
    y = (rng.random(n) < np.where(responds & treated, 0.5, 0.1)).astype(float)
    told, noise = responds + 0.1 * rng.random(n), rng.random(n)
    assert benchmark.qini(told, y, treated) > np.quantile(benchmark.null_qini(told, y, treated), 0.99)
    low, high = np.quantile(benchmark.null_qini(noise, y, treated), [0.005, 0.995])
    assert low < benchmark.qini(noise, y, treated) < high
    X = pd.DataFrame({"x": responds.astype(float), "z": noise}, index=[f"m{k}" for k in range(n)])
    assert np.corrcoef(benchmark.t_learner(X, y, treated), responds)[0, 1] > 0.8


def test_mails_of_hillstrom_bring_customers_back(benchmark: ModuleType) -> None:
    file = RAW / "hillstrom" / "hillstrom.csv.gz"
    if not file.exists():
        pytest.skip("public data are not at hand")
    rows, features = benchmark.hillstrom_rows(pd.read_csv(file))
    table = read_tests(rows, np.full(len(rows), 0.85), ActionParams(), 10)
    left = table[(table["campaign_id"] == "hillstrom") & (table["outcome"] == "left")].set_index("action")
    assert left.loc["mens_mail", "effect"] == pytest.approx(-(0.1828 - 0.1062), abs=1e-4)  # as published
    assert left.loc["womens_mail", "effect"] == pytest.approx(-(0.1514 - 0.1062), abs=1e-4)
    assert (left["high"] < 0).all() and (left["srm_p"] > 0.05).all() and len(features) == 64_000


def test_ifood_held_nobody_out(benchmark: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    file = RAW / "ifood_campaigns" / "marketing_campaign.csv.gz"
    if not file.exists():
        pytest.skip("public data are not at hand")
    benchmark.ifood(pd.read_csv(file))
    assert capsys.readouterr().out.count("Nobody was held out") == 3
