"""What goes with faster or slower leaving is said as an association, and chance as chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.report.page.wording import Wording
from whychurn.report.voice.sentences.topic_hazard_ratios import effect_lines, effect_table
from whychurn.report.words import LANGUAGES


class Page(Wording):
    """What the sentences need of a report page."""

    def format(self, value: object, _kind: str) -> str:
        return f"{value:.2f}"


TOPICS = pd.DataFrame(
    {
        "topic_id": [0, 1, 2],
        "label_en": ["late", "dear", "secret"],
        "label_zh": ["慢", "贵", "秘"],
        "suppressed": [False, False, True],
    }
)


def hazards(ratios: dict[str, tuple[float, float, float, float]]) -> pd.DataFrame:
    rows = [
        {"kind": name.split()[0], "name": name.split()[1], "texts": 90, "members": 80, "churn_events": 30, "hazard_ratio": ratio,
         "low": low, "high": high, "p": p, "p_adjusted": p, "suppressed": False}
        for name, (low, ratio, high, p) in ratios.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_clear_ratios_are_named_in_their_direction(lang: str) -> None:
    page = Page(lang)
    table = effect_table(
        hazards(
            {
                "topic 0": (1.5, 2.0, 2.6, 0.001),
                "topic 1": (0.4, 0.5, 0.7, 0.001),
                "topic 2": (3.0, 4.0, 5.0, 0.001),
                "cause price": (0.9, 1.6, 2.9, 0.2),
                "any any": (1.0, 1.1, 1.2, 0.04),
                "cause natural": (np.nan, np.nan, np.nan, np.nan),
            }
        ),
        TOPICS,
        page,
    )
    assert len(table) == 4, "a suppressed topic and an exposure without ratio have no row"
    lines = effect_lines(table, 0.05, 180, page)
    late, dear = TOPICS.loc[0, f"label_{lang}"], TOPICS.loc[1, f"label_{lang}"]
    assert late in lines[0] and "2.00" in lines[0] and dear not in lines[0]
    assert dear in lines[1] and "0.50" in lines[1]
    assert all(page.say("causes.price") not in line for line in lines)
    assert lines[-1] == page.say("voice.said_effects")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_clear_and_nothing_there_are_said(lang: str) -> None:
    page = Page(lang)
    dull = effect_table(hazards({"topic 0": (0.8, 1.1, 1.5, 0.6)}), TOPICS, page)
    assert effect_lines(dull, 0.05, 180, page)[0] == page.say("voice.effect_none", days=180, tested=1)
    for nothing in (None, hazards({}), hazards({"topic 0": (np.nan,) * 4})):
        empty = effect_table(nothing, TOPICS, page)
        assert empty.empty and effect_lines(empty, 0.05, 180, page) == [page.say("voice.said_no_effects")]


@pytest.mark.filterwarnings("ignore:Glyph")  # text stays text in SVG; the browser has the font
def test_the_figure_names_each_exposure() -> None:
    from whychurn.report.drawing.theme import themed
    from whychurn.report.voice.charts.topic_hazard_ratios import draw_effects

    table = effect_table(
        hazards({"topic 0": (1.5, 2.0, 2.6, 0.001), "topic 1": (0.4, 0.5, 0.7, 0.4)}), TOPICS, Page("en")
    )
    with themed():
        figure = draw_effects(table, 0.05, "en")
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["late", "dear"]
