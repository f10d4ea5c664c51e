"""Figures of the report on causes: what is in the tables is drawn, in both languages, and small cells are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.report.causes.charts import competition, robustness, shares
from whychurn.report.causes.sentences.competition import gap_groups, pulls
from whychurn.report.drawing.cumulative_incidence import draw_incidence
from whychurn.report.drawing.svg import figure_svg
from whychurn.report.words import LANGUAGES, say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Tables = dict[str, pd.DataFrame]


def words(figure: Figure) -> list[str]:
    """Everything that is written in a figure."""
    from matplotlib.text import Text

    figure.canvas.draw()
    return [item.get_text() for item in figure.findobj(Text)]


def bars(figure: Figure, axis: int) -> list[float]:
    return sorted(round(patch.get_width(), 6) for patch in figure.axes[axis].patches)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_shares_stand_beside_avoidable_churn_of_causes_within_reach(tables: Tables, lang: str) -> None:
    table = tables["cause_shares"]
    figure = shares.draw_shares(table, lang)
    said = words(figure)
    assert {say(f"causes.{cause}", lang) for cause in CAUSES} <= set(said)
    assert say("causes.unknown", lang) not in said, "what is not named belongs to the evidence"
    known = table.dropna(subset=["share"])
    assert bars(figure, 0) == sorted(round(v, 6) for v in [*known["share"], *known["named_share"]])
    assert bars(figure, 1) == sorted(
        round(v, 6) for v in known.loc[known["cause"] != "natural", "avoidable_share"]
    )
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim()  # the two can be compared by eye


def test_without_intervals_or_avoidable_churn_the_bars_stand_alone(tables: Tables) -> None:
    blank = tables["cause_shares"].assign(low=np.nan, high=np.nan, avoidable_share=np.nan)
    figure = shares.draw_shares(blank, "en")
    assert not bars(figure, 1) and figure_svg(figure, "f1", "shares of six causes")


def test_withheld_rows_of_the_matrix_are_not_drawn(tables: Tables) -> None:
    figure = shares.draw_stated(tables["cause_stated"], "en")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(labels) == 8 and not any(say("causes.stated_other", "en") in label for label in labels)
    shown = tables["cause_stated"].dropna(subset=["share"])
    percents = sorted(f"{value:.0%}" for value in shown["share"])
    assert sorted(text for text in words(figure) if text.endswith("%")) == percents


@pytest.mark.parametrize(("months", "most"), [(2, 2), (12, 5), (24, 5), (60, 6)])
def test_panels_write_few_dates(months: int, most: int) -> None:
    from whychurn.report.drawing.theme import new_figure

    _, (axis,) = new_figure()
    days = pd.Series(pd.date_range("2021-01-01", periods=months, freq="MS"))
    axis.plot(days, range(months))
    shares.date_axis(axis, days)
    low, high = axis.get_xlim()
    assert 1 <= sum(low <= tick <= high for tick in axis.get_xticks()) <= most


@pytest.mark.parametrize(
    ("table", "key", "strong"),
    [("cause_methods", "method", "additive_hazard"), ("cause_sensitivity", "analysis", "main")],
)
def test_every_method_and_variant_has_its_dot_in_every_panel(
    tables: Tables, table: str, key: str, strong: str
) -> None:
    rows = tables[table]
    names = {name: name for name in rows[key].unique()}
    figure = robustness.draw_side_by_side(rows, key, names, strong, "en")
    dots = sum(line.get_marker() == "o" for axis in figure.axes for line in axis.lines)
    assert dots == rows["share"].notna().sum()


def test_sources_that_say_nothing_get_no_mark(tables: Tables) -> None:
    figure = robustness.draw_triangulation(
        tables["cause_triangulation"], ["numbers", "survey", "texts"], "en"
    )
    said = words(figure)
    assert say("causes.source_texts", "en") in said and say("causes.source_interviews", "en") not in said


def test_rivals_have_a_panel_a_region_and_the_gap_has_its_intervals(tables: Tables) -> None:
    market = tables["cause_market"]
    figure = competition.draw_rivals(pulls(market), "zh")
    assert [axis.get_title() for axis in figure.axes if axis.get_visible()] == [
        "East",
        "North",
        "West",
    ]
    still = pulls(market).assign(competitor_activity=np.nan)  # activity not known: the line alone
    assert not any(axis.collections for axis in competition.draw_rivals(still, "en").axes)
    groups = gap_groups(market, 6)
    lines = competition.draw_gap(groups, "en").axes[0].lines
    assert sum(line.get_marker() == "o" for line in lines) == 6


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_figure_becomes_svg_with_the_page_colours(tables: Tables, lang: str) -> None:
    drawn = [
        shares.draw_shares(tables["cause_shares"], lang),
        shares.draw_stated(tables["cause_stated"], lang),
        draw_incidence(tables["attributed_incidence"], lang),
        competition.draw_gap(gap_groups(tables["cause_market"], 3), lang),
    ]
    for number, figure in enumerate(drawn):
        svg = figure_svg(figure, f"f{number}", "what it shows")
        assert (
            "<text" in svg
            and "var(--" in svg
            and "#" not in "".join(part for part in svg.split('"') if part.startswith("fill:#"))
        )
