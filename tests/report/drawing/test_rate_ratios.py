"""Rate ratios: the first row on top, key nodes in the alert colour, names from the clock."""

from __future__ import annotations

import pandas as pd

from whychurn.report.drawing.rate_ratios import draw_rate_ratios
from whychurn.report.drawing.theme import ALERT, MUTED
from whychurn.report.words.readable_names import clock_bin_name


def test_rows_are_named_and_key_nodes_stand_out() -> None:
    nodes = pd.DataFrame(
        {
            "clock": ["complaint", "purchase_number"],
            "unit": ["days_after", "count"],
            "bin_start": [0.0, 2.0],
            "bin_end": [30.0, 3.0],
            "ratio": [2.5, 1.1],
            "ratio_low": [2.0, 0.8],
            "ratio_high": [3.1, 1.5],
            "is_node": [True, False],
        }
    )
    axis = draw_rate_ratios(nodes, "en").axes[0]
    dots = {line.get_ydata()[0]: line for line in axis.get_lines() if line.get_marker() == "o"}
    assert [list(dots[place].get_xdata()) for place in (1, 0)] == [[2.5], [1.1]]
    assert [dots[place].get_color() for place in (1, 0)] == [ALERT, MUTED]
    names = [label.get_text() for label in axis.get_yticklabels()]
    assert names[::-1] == [clock_bin_name(row, "en") for row in nodes.to_dict("records")]
    assert "30" in names[1] and "2" in names[0]
