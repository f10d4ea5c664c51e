"""Fewer interviews: whoever is left was asked with a chance that is known, so that weighted means stay right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from yardstick_interviews import thin_interviews


def surveys(chance: np.ndarray) -> pd.DataFrame:
    ids = [f"i{at:05d}" for at in range(len(chance))]
    asked = pd.DataFrame({"survey_id": ids, "kind": "interview", "asked_probability": chance, "coder": "a"})
    other = pd.DataFrame({"survey_id": ["q1", "q2"], "kind": ["exit", pd.NA], "asked_probability": np.nan})
    return pd.concat([asked, asked.iloc[:50].assign(coder="b"), other], ignore_index=True)


def test_chances_shrink_with_the_draw_and_others_stay() -> None:
    chance = np.linspace(0.1, 1.0, 400)
    found = thin_interviews(surveys(chance), 0.25, seed=3)
    kept = found[found["kind"] == "interview"].drop_duplicates("survey_id")
    assert 70 < len(kept) < 130
    whole = dict(zip(surveys(chance)["survey_id"], surveys(chance)["asked_probability"], strict=True))
    assert kept["asked_probability"].to_numpy() == pytest.approx(
        [0.25 * whole[one] for one in kept["survey_id"]]
    )
    assert found["survey_id"].isin(["q1", "q2"]).sum() == 2
    pairs = found[found["coder"] == "b"]["survey_id"]
    assert set(pairs) <= set(found[found["coder"] == "a"]["survey_id"]), (
        "two coders of one interview stay together"
    )


def test_a_weighted_mean_of_fewer_is_the_mean_of_all() -> None:
    """Horvitz and Thompson's total over many thinnings comes to the number of leavers."""
    rng = np.random.default_rng(1)
    people = rng.uniform(0.2, 0.9, 3000)
    totals = []
    for seed in range(60):
        drawn = people[rng.random(3000) < people]
        table = thin_interviews(surveys(drawn), 0.5, seed)
        kept = table[table["kind"] == "interview"].drop_duplicates("survey_id")
        totals.append((1 / kept["asked_probability"]).sum())
    assert np.mean(totals) == pytest.approx(3000, rel=0.02)


def test_all_none_and_a_study_without() -> None:
    whole = surveys(np.full(40, 0.5))
    pd.testing.assert_frame_equal(thin_interviews(whole, 1.0, 1), whole)
    assert thin_interviews(whole, 0.0, 1)["survey_id"].to_list() == ["q1", "q2"]
    none = whole[whole["kind"] == "exit"]
    assert thin_interviews(none, 0.5, 1) is none
