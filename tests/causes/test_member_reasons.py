"""Sentences of evidence: what a member met, stated and wrote, for likely causes only, the same however many
rows are read at once.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.causes.tables import member_reasons as reasons
from whychurn.contract.causes import CAUSES

ROWS = 50


@pytest.fixture(scope="module")
def given() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.full(len(CAUSES), 0.5), ROWS)
    panel = pd.DataFrame(
        {"returns_90d": rng.integers(0, 3, ROWS), "price_rise_since_joining": rng.random(ROWS) / 5}
    )
    texts = rng.random((ROWS, 7)) / 4
    labels = NoisyLabels(rng.integers(-2, 7, ROWS), texts, np.zeros((ROWS, 7)))
    return {"p": p, "panel": panel, "labels": labels, "max_sentences": 4}


def test_rows_read_in_parts_say_the_same(given, monkeypatch) -> None:
    whole = reasons.member_evidence(**given)
    monkeypatch.setattr(reasons, "CHUNK", 7)
    pd.testing.assert_series_equal(reasons.member_evidence(**given), whole)
    none = {"p": given["p"][:0], "panel": given["panel"][:0], "labels": given["labels"].select(slice(0))}
    assert reasons.member_evidence(**none, max_sentences=4).dtype == "string"


def test_only_likely_causes_are_argued_and_both_languages_say_what_was_met(given) -> None:
    found = [json.loads(row) for row in reasons.member_evidence(**given)]
    assert any(found) and max(len(row) for row in found) <= 4
    for number, row in enumerate(found):
        assert all(given["p"][number, CAUSES.index(each["cause"])] >= reasons.MIN_POSTERIOR for each in row)
    returns = [each for number, row in enumerate(found) for each in row if "return" in each["en"].lower()]
    assert returns and all(each["cause"] == "product_service" and "退" in each["zh"] for each in returns)


def test_what_was_said_in_an_interview_comes_first(given) -> None:
    p = np.tile(np.eye(len(CAUSES))[1], (ROWS, 1))
    heard = np.zeros((ROWS, len(CAUSES)))
    heard[0, 1], heard[1, 1] = 1.0, 0.3
    told = {**given, "p": p, "labels": replace(given["labels"], heard=heard)}
    rows = [json.loads(row) for row in reasons.member_evidence(**told)]
    assert rows[0][0] == {"cause": "price", "en": "when called: “Price”", "zh": "回访时说明的原因是“价格”"}
    assert not any("called" in each["en"] for row in rows[1:] for each in row), "too few coders heard it"
