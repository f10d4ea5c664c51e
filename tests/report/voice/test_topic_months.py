"""Monthly shares of topics: a panel each, with the weeks of a change."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib import pyplot as plt

from whychurn.report.voice.charts.topics import draw_months


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_each_chosen_topic_has_a_panel_with_the_weeks_of_its_changes(lang: str) -> None:
    days = pd.date_range("2025-01-01", periods=6, freq="MS")
    months = pd.DataFrame({"topic_id": [1] * 6 + [2] * 6, "month": [*days, *days], "share": [0.1] * 12})
    topics = pd.DataFrame(
        {"topic_id": [1, 2], "label_en": ["Delivery", "Price"], "label_zh": ["配送", "价格"]}
    )
    changes = pd.DataFrame({"topic_id": [2], "week": [pd.Timestamp("2025-03-03")]})
    figure = draw_months(months, changes, topics, [2, 1], lang)
    panels = [axis for axis in figure.axes if axis.get_title(loc="left")]
    assert [axis.get_title(loc="left") for axis in panels] == topics[f"label_{lang}"].tolist()[::-1]
    assert [len(axis.lines) for axis in panels] == [2, 1]
    plt.close(figure)
