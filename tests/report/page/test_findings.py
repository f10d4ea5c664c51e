"""What a table shows in one sentence: clear ends, a tie, a leader, equal ones, too few."""

from __future__ import annotations

import pandas as pd
import pytest

from whychurn.report.page.findings import apart, ends_lines, leader_lines
from whychurn.report.page.html_pieces import first_sentence
from whychurn.report.page.wording import Wording
from whychurn.report.words import LANGUAGES

NAMES = ("rate", "low", "high")


def _rows(rates: list[float], half: float) -> pd.DataFrame:
    frame = pd.DataFrame({"name": [*"abcdefghijkl"][: len(rates)], "rate": rates})
    return frame.assign(low=frame["rate"] - half, high=frame["rate"] + half)


def _ends(rows: pd.DataFrame, lang: str = "en") -> list[str]:
    return ends_lines(rows, "Churn", lambda row: str(row["name"]), Wording(lang, "CNY", 10))


def test_ends_that_are_apart_are_told_with_their_intervals() -> None:
    told = _ends(_rows([0.1, 0.3, 0.2], 0.02))
    assert told == ["Churn: highest b 30.0% [28.0%–32.0%], lowest a 10.0% [8.0%–12.0%]"]


def test_ends_within_chance_are_a_tie() -> None:
    assert _ends(_rows([0.10, 0.11, 0.105], 0.02))[0].endswith("cannot be told apart")


def test_more_groups_have_to_lie_further_apart() -> None:
    two = _rows([0.10, 0.14], 0.02)
    many = _rows([0.10, *[0.12] * 10, 0.14], 0.02)
    assert apart(two.iloc[-1], two.iloc[0], 2, NAMES, 0.95)
    assert not apart(many.iloc[-1], many.iloc[0], 12, NAMES, 0.95)


def test_the_same_bounds_mean_less_at_a_lower_level() -> None:
    rows = _rows([0.10, *[0.12] * 10, 0.15], 0.02)
    told = [
        ends_lines(rows, "Churn", lambda row: str(row["name"]), Wording("en", "CNY", 10, level))[0]
        for level in (0.95, 0.8)
    ]
    assert [line.endswith("cannot be told apart") for line in told] == [False, True]


def test_of_fewer_than_two_nothing_is_told() -> None:
    known = _rows([0.1, 0.2], 0.02)
    assert _ends(known.iloc[:1]) == [] and _ends(known.assign(low=[None, 0.1])) == []


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ([0.2, 0.5, 0.3], "Parts: first “b” (50.0%), then “c” (30.0%)"),
        ([0.4, 0.4, 0.2], "Parts: “a” and “b” come first alike (40.0%)"),
    ],
)
def test_the_leader_is_named_or_that_two_are_equal(shares: list[float], said: str) -> None:
    rows = _rows(shares, 0.0)
    assert leader_lines(rows, "Parts", lambda row: str(row["name"]), "rate", Wording("en", "CNY", 10)) == [
        said
    ]


@pytest.mark.parametrize("shares", [[0.0, 0.0], [0.4, 0.0], []])
def test_without_two_parts_there_is_no_leader(shares: list[float]) -> None:
    assert not leader_lines(_rows(shares, 0.0), "x", lambda _row: "y", "rate", Wording("en", "CNY", 10))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_both_languages_tell_the_same_numbers(lang: str) -> None:
    assert "30.0% [28.0%–32.0%]" in _ends(_rows([0.1, 0.3], 0.02), lang)[0]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Kappa 0.5 [0.4–0.6] (F1 0.586). No truth.", ("Kappa 0.5 [0.4–0.6] (F1 0.586)", "No truth.")),
        ("一成。二成。三成。", ("一成", "二成。三成。")),
        ("0.4 of all.", ("0.4 of all", "")),
    ],
)
def test_the_first_sentence_is_the_caption(text: str, parts: tuple[str, str]) -> None:
    assert first_sentence(text) == parts
