"""Many worlds become one small table, and a study finds the row that speaks of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.report.causes.charts.accuracy import draw_skill
from whychurn.report.causes.sentences.accuracy import measured, scored, size_lines, sizes
from whychurn.report.causes.sentences.method_overview import method_name
from whychurn.report.causes.sentences.misspecification import broken_lines, broken_table, broken_worlds
from whychurn.report.words import LANGUAGES, say
from whychurn.score.benchmark import (
    FILE,
    MEASURES,
    WORLD,
    load_benchmark,
    load_checks,
    measured_on_like,
    summarise,
    summarise_checks,
    world_rows,
)

LEVELS = {"easy": 0.40, "middle": 0.15, "hard": 0.03}
BLANK = dict.fromkeys(("answered", "small", "few", "error_small", "large", "many", "error_large"), "")


def world(
    program: str, difficulty: str, seed: int, mechanism: str = "additive", members: int = 5000
) -> dict[str, object]:
    values = (program, difficulty, mechanism, members, LEVELS[difficulty], 0.3, 0.5)
    return dict(zip(WORLD, values, strict=True)) | {"seed": seed}


def counts(difficulty: str, members: int = 5000) -> dict[str, int]:
    return {"churn_events": members // 5, "answers": round(members * LEVELS[difficulty] / 5)}


def scores(skill: float, error: float = 0.02) -> pd.DataFrame:
    rows = [
        ("mine", "skill", "all", skill),
        ("mine", "share_error_largest", "all", error),
        ("mine", "share_error", "price", 0.5),
        ("prior", "skill", "all", 0.0),
        ("planted", "hidden_share", "all", 0.3),
    ]
    return pd.DataFrame(rows, columns=["method", "measure", "cause", "value"])


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rows = [
        world_rows(scores(skill), world(program, difficulty, seed), counts(difficulty))
        for program, shift in (("shop", 0.0), ("gym", -0.2))
        for difficulty, base in (("easy", 0.9), ("middle", 0.7), ("hard", 0.4))
        for seed, skill in ((101, base + shift), (102, base + shift + 0.1))
    ]
    large = [
        world_rows(
            scores(0.9, error), world("shop", difficulty, 101, members=20000), counts(difficulty, 20000)
        )
        for difficulty, error in (("middle", 0.01), ("hard", 0.05))
    ]
    broken = [
        world_rows(
            scores(0.1), world("shop", "middle", 101, "multiplicative", members), counts("middle", members)
        )
        for members in (5000, 20000)
    ]
    return summarise(pd.concat([*rows, *large, *broken], ignore_index=True))


def test_a_world_has_one_row_a_method_and_only_figures_about_all_causes() -> None:
    rows = world_rows(scores(0.8), world("shop", "easy", 101), counts("easy")).set_index("method")
    assert list(rows.index) == ["mine", "prior"] and set(MEASURES) <= set(rows.columns)
    assert rows.loc["mine", "skill"] == 0.8 and rows.loc["mine", "share_error_largest"] == 0.02
    assert np.isnan(rows.loc["prior", "share_error_largest"]) and rows["seed"].eq(101).all()
    assert rows["answers"].eq(400).all() and rows["members"].eq(5000).all()


def test_means_and_ranges_over_worlds(table: pd.DataFrame) -> None:
    mine = table[(table["method"] == "mine") & (table["difficulty"] == "middle")]
    mine = mine[mine["members"] == 5000].set_index(["mechanism", "program"])
    pooled = mine.loc[("additive", "all")]
    assert pooled[["worlds", "skill", "skill_low", "skill_high"]].to_list() == pytest.approx(
        [4, 0.65, 0.5, 0.8]
    )
    assert mine.loc[("additive", "gym"), "skill"] == pytest.approx(0.55)
    assert mine.loc[("multiplicative", "all"), "worlds"] == 1, "broken worlds are not mixed with the others"


@pytest.mark.parametrize(
    ("answered", "difficulty"),
    [(1.0, "easy"), (0.35, "easy"), (0.2, "middle"), (0.1, "middle"), (0.05, "hard"), (0.0, "hard")],
)
def test_a_study_is_put_beside_worlds_as_hard_as_itself(
    table: pd.DataFrame, answered: float, difficulty: str
) -> None:
    row = measured_on_like(table, answered, 900, "mine")
    assert row is not None and row["difficulty"] == difficulty and row["mechanism"] == "additive"
    assert row["program"] == "all" and row["members"] == 5000


@pytest.mark.parametrize(("leavings", "members"), [(0, 5000), (1500, 5000), (3500, 20000), (10**6, 20000)])
def test_a_study_is_put_beside_worlds_as_large_as_itself(
    table: pd.DataFrame, leavings: int, members: int
) -> None:
    row = measured_on_like(table, 0.15, leavings, "mine")
    assert row is not None and row["members"] == members and row["difficulty"] == "middle"
    only_small = measured_on_like(table, 0.4, leavings, "mine")
    assert only_small is not None and only_small["members"] == 5000, "easy worlds exist in one size"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_report_says_what_more_members_do(table: pd.DataFrame, lang: str) -> None:
    rows = sizes(table, "mine")
    assert rows["members"].to_list() == [5000, 5000, 20000, 5000, 20000], "most answers first"
    lines = size_lines(rows[rows["survey_answered"] < 0.4], Voice(lang))
    assert len(lines) == 2 and "1.0%" in lines[0] and "5.0%" in lines[1] and "120" in lines[1]
    advice = say("causes.size_short", lang, **BLANK)[-6:]
    assert not lines[0].endswith(advice) and lines[1].endswith(advice), "five points are too many"
    assert sizes(table[table["members"] == 5000], "mine").empty, "one size tells nothing of size"


class Voice:
    """What the sentences need of a page."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def say(self, key: str, **values: object) -> str:
        return say(key, self.lang, **values)

    def format(self, value: Any, kind: str) -> str:
        return "–" if pd.isna(value) else f"{value:.1%}" if kind == "percent" else f"{value:.0f}"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_report_quotes_the_accuracy_of_worlds_as_hard(table: pd.DataFrame, lang: str) -> None:
    told = measured(table.assign(share_covered=0.95), 0.1, 900, "mine", Voice(lang))
    assert len(told) == 3 and "15.0%" in told[0] and "2.0%" in told[0] and "95.0%" in told[1]
    assert "1000" in told[0], "the size of the worlds"
    assert len(measured(table, 0.1, 900, "mine", Voice(lang))) == 2, "no intervals, no word of them"
    assert measured(table, 0.1, 900, "other", Voice(lang)) == []
    own = scored(scores(0.8), Voice(lang))
    assert say("causes.method_prior", lang) in own["method"].to_list() and len(own) == 2


def test_a_method_that_was_not_measured_has_no_accuracy(table: pd.DataFrame) -> None:
    assert measured_on_like(table, 0.4, 900, "other") is None


def test_checks_tell_in_how_many_worlds_something_was_noticed() -> None:
    rows = pd.DataFrame(
        {"check": "fit", "value": [1.0, 3.0, 2.0, 2.0], "flagged": [True, False, False, False]}
    )
    facts = [world("shop", "middle", seed) for seed in (1, 1, 2, 2)]
    found = summarise_checks(rows.join(pd.DataFrame(facts)))
    assert found["program"].to_list() == ["shop", "all"]
    assert found[["worlds", "value", "flagged"]].iloc[0].to_list() == [2, 2.0, 0.5]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_report_says_what_breaks_the_method_and_whether_it_noticed(table: pd.DataFrame, lang: str) -> None:
    facts = pd.DataFrame([world("shop", "middle", seed, "multiplicative") for seed in (1, 2, 3)])
    found = facts.assign(check="interaction", value=1.0, flagged=[True, True, False])
    checks = summarise_checks(pd.concat([found, found.assign(check="outside", flagged=False)]))
    rows = broken_worlds(table, checks, "mine")
    assert rows["mechanism"].to_list() == ["additive", "multiplicative"], (
        "beside the same programme without the break"
    )
    assert rows["flagged"].to_list() == [0, 2] and rows["check"].iloc[1] == "interaction"
    lines = broken_lines(rows, Voice(lang))
    assert len(lines) == 1 and "2.0%" in lines[0]
    shown = broken_table(rows, Voice(lang))
    assert shown["mechanism"].iloc[1] == say("causes.world_multiplicative", lang) and len(shown) == 2
    assert broken_lines(broken_worlds(table, checks, "other"), Voice(lang)) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_everything_that_ships_has_words(lang: str) -> None:
    rows = broken_worlds(load_benchmark(), load_checks(), "additive_hazard")
    assert len(broken_lines(rows, Voice(lang))) == len(rows) - 1 == 4


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_figure_shows_every_method_at_every_difficulty(table: pd.DataFrame, lang: str) -> None:
    figure = draw_skill(table, "mine", lang)
    assert len(figure.axes) == 3
    titles = [axis.get_title(loc="left") or axis.get_title() for axis in figure.axes]
    assert [share in title for share, title in zip(("40%", "15%", "3%"), titles, strict=True)] == [True] * 3
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["mine"]
    dot = figure.axes[0].lines[-1]
    assert dot.get_xdata()[0] == pytest.approx(0.85)
    assert method_name("additive_hazard", lang) != "additive_hazard"


def test_the_table_that_ships_covers_the_grid() -> None:
    if not Path(FILE).exists():
        pytest.skip("the grid has not been run")
    shipped = load_benchmark()
    additive = shipped[shipped["mechanism"] == "additive"]
    assert set(additive["difficulty"]) == set(LEVELS) and set(additive["program"]) == {
        "all",
        "shop",
        "gym",
        "school",
    }
    assert {"multiplicative", "seventh_cause", "swapped_traces", "uneven_bases"} <= set(shipped["mechanism"])
    assert (shipped["skill_low"].fillna(0) <= shipped["skill"].fillna(0) + 1e-9).all()
    assert measured_on_like(shipped, 0.15, 900, "additive_hazard") is not None
    assert set(sizes(shipped, "additive_hazard")["members"]) == {5000, 20000}
