"""What is said of a test: never "does not work", never an effect that is not shown, in both languages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from whychurn.action.tests_by_lot.sentences import read_counts, read_rates, sentence, verdict
from whychurn.contract.errors import WhychurnError
from whychurn.labels import LANGUAGES, section_words

ROW: dict[str, Any] = {
    "outcome": "left", "treated": 9010, "control": 2886, "effect": -0.0028, "low": -0.0106, "high": 0.005,
    "q_value": 0.4, "srm_p": 0.3, "note": None,
}  # fmt: skip


def said(**given: Any) -> str:
    pays = given.pop("pays", None)
    return sentence(verdict(ROW | given, 0.05, pays))["en"]


def test_an_interval_that_holds_zero_is_not_shown_and_says_what_it_could_have_found() -> None:
    assert said() == (
        "Not shown: between −1.1 and +0.5 points. This test could have found an effect of 1.1 points or more."
    )


def test_not_worth_its_cost_only_where_the_better_end_is_below_what_pays() -> None:
    assert said(pays=0.02) == "Not worth its cost: 1.1 points at best, and it pays from 2.0 points on."
    assert said(pays=0.01).startswith("Not shown")


def test_shown_harm_and_other_outcomes() -> None:
    assert said(q_value=0.01, high=-0.001).startswith(
        "Shown by lot: −0.3 points (leaving), between −1.1 and −0.1"
    )
    assert said(note="harm", effect=0.02, q_value=0.01).startswith("Harm: leaving +2.0 points among those")
    assert said(note="harm", effect=0.02).startswith("Harm is likely (90 %): leaving +2.0 points among those")
    assert said(outcome="spend", effect=5.0, low=-1.0, high=11.0).startswith(
        "Not shown: between −1.00 and +11.00."
    )
    assert "could have found an effect of 8.58 or more" in said(
        outcome="spend", effect=5.0, low=-1.0, high=11.0
    )


def test_small_amounts_keep_their_digits() -> None:
    assert "between +0.0021 and +0.0093" in said(
        outcome="orders", effect=0.0057, low=0.0021, high=0.0093, q_value=0.01
    )


def test_without_a_comparison_no_number_of_an_effect_is_said() -> None:
    assert said(note="no_control") == "Nobody was held out, so there is nothing to compare with."
    assert said(note="only_control").startswith("Everybody was held out")
    assert "p = 1e-05" in said(note="mismatch", srm_p=1e-5, effect=np.nan)
    assert said(note="waiting", weeks_left=7) == "The follow-up has not ended: 7 more weeks."
    assert said(effect=np.nan, min_cell=10).startswith("Fewer than 10 members")


def test_the_published_retention_campaign_is_not_shown() -> None:
    """Verhelst et al. 2023: 11 896 customers, 75.74 % contacted, 3.36 % of them left against 3.64 %."""
    text = sentence(verdict(read_rates(11896, 0.7574, 0.0336, 0.0364), 0.05))["en"]
    assert text.startswith("Not shown: between −1.1 and +0.5 points.")
    counts = read_counts(9010, 303, 2886, 105)
    assert counts["effect"] == pytest.approx(303 / 9010 - 105 / 2886) and counts["treated"] == 9010
    assert sentence(verdict(counts, 0.05))["en"].startswith("Not shown: between −1.1 and +0.5")


def test_counts_that_cannot_be_are_refused() -> None:
    for numbers in ((0, 0, 10, 1), (10, 11, 10, 1), (10, -1, 10, 1)):
        with pytest.raises(WhychurnError, match="cannot have left"):
            read_counts(*numbers)
    for rates in ((100, 1.5, 0.1, 0.1), (100, 0.5, 1.1, 0.1), (0, 0.5, 0.1, 0.1)):
        with pytest.raises(WhychurnError, match="between 0 and 1"):
            read_rates(*rates)


def test_a_large_difference_of_four_counts_is_shown_and_a_harmful_one_told() -> None:
    assert verdict(read_counts(5000, 300, 5000, 500), 0.05)[0] == "shown"
    assert verdict(read_counts(5000, 500, 5000, 300), 0.05)[0] == "harm"


def test_both_languages_hold_the_same_numbers() -> None:
    """Every sentence fills the same values in English and Chinese."""
    for key, texts in section_words("action").items():
        held = [{part.split("}")[0] for part in texts[lang].split("{")[1:]} for lang in LANGUAGES]
        assert held[0] == held[1], key
