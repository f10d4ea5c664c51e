"""Sentences of evidence: what a member met, stated and wrote, for likely causes only, the same however many rows are read at once."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.evidence.noisy_labels import Observations
from whychurn.causes.tables import member_reasons as reasons
from whychurn.contract.causes import CAUSES
from whychurn.panel.exit_surveys import NOT_ASKED

ROWS = 50


@pytest.fixture(scope="module")
def told() -> dict[str, object]:
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.full(len(CAUSES), 0.5), ROWS)
    panel = pd.DataFrame(
        {"returns_90d": rng.integers(0, 3, ROWS), "price_rise_since_joining": rng.random(ROWS) / 5}
    )
    seen = Observations(np.full(ROWS, NOT_ASKED), rng.random((ROWS, 7)) / 4, np.zeros((ROWS, 7)))
    stated = rng.integers(-2, 7, ROWS)
    return {"p": p, "panel": panel, "stated": stated, "seen": seen, "rows": np.arange(ROWS), "most": 4}


def test_rows_read_in_parts_say_the_same(told, monkeypatch) -> None:
    whole = reasons.member_evidence(**told)
    monkeypatch.setattr(reasons, "CHUNK", 7)
    pd.testing.assert_series_equal(reasons.member_evidence(**told), whole)
    none = {name: value[:0] if name != "most" else value for name, value in told.items() if name != "seen"}
    assert reasons.member_evidence(**none, seen=told["seen"]).dtype == "string"


def test_only_likely_causes_are_argued_and_both_languages_say_what_was_met(told) -> None:
    found = [json.loads(row) for row in reasons.member_evidence(**told)]
    assert any(found) and max(len(row) for row in found) <= 4
    for number, row in enumerate(found):
        assert all(told["p"][number, CAUSES.index(each["cause"])] >= reasons.TOLD_FROM for each in row)
    returns = [each for number, row in enumerate(found) for each in row if "return" in each["en"].lower()]
    assert returns and all(each["cause"] == "product_service" and "退" in each["zh"] for each in returns)
