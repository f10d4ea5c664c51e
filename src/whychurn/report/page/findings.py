"""What a table shows, in one sentence: who lies highest and lowest, or who leads; the caption of its figure."""

from __future__ import annotations

import math
from collections.abc import Callable

import pandas as pd
from scipy.stats import norm, studentized_range

from whychurn.report.page.formats import format_interval
from whychurn.report.page.page_like import PageLike

Name = Callable[[pd.Series], str]  # a row's name in a sentence


def ends_lines(
    rows: pd.DataFrame,
    what: str,
    name: Name,
    page: PageLike,
    names: tuple[str, str, str] = ("rate", "low", "high"),
    kind: str = "percent",
) -> list[str]:
    """Highest and lowest estimate with their intervals, or that they cannot be told apart; nothing of fewer than two.

    Parameters
    ----------
    what
        Whose estimates they are, as the sentence begins.
    names
        Columns of the estimate and its bounds.
    kind
        How a number is written (`formats.format_value`).
    """
    rows = rows.dropna(subset=list(names))
    if len(rows) < 2:
        return []
    rows = rows.sort_values(names[0], kind="stable")
    ends = {"least": rows.iloc[0], "most": rows.iloc[-1]}
    words = {
        end: format_interval(row, lambda value: page.format(value, kind), names) for end, row in ends.items()
    }
    words |= {f"{end}_name": name(row) for end, row in ends.items()}
    case = "apart" if apart(ends["most"], ends["least"], len(rows), names, page.confidence) else "tie"
    return [page.say(f"delivery.ends_{case}", what=what, **words)]


def apart(most: pd.Series, least: pd.Series, groups: int, names: tuple[str, str, str], level: float) -> bool:
    """Whether the highest of `groups` estimates differs from the lowest by more than the range of as many equal ones.

    Parameters
    ----------
    level
        Of the intervals, and of the range.
    """
    value, low, high = names
    errors = [(row[high] - row[low]) / (2 * norm.ppf((1 + level) / 2)) for row in (most, least)]
    limit = studentized_range.ppf(level, groups, math.inf) / math.sqrt(2)
    return bool(most[value] - least[value] > limit * math.hypot(*errors))


def leader_lines(
    rows: pd.DataFrame, what: str, name: Name, value: str, page: PageLike, kind: str = "percent"
) -> list[str]:
    """The largest of some counted parts and the next, or that both are equal; nothing of fewer than two above zero."""
    rows = rows[rows[value].gt(0)].sort_values(value, ascending=False, kind="stable")
    if len(rows) < 2:
        return []
    (first, second), shown = (
        (rows.iloc[place] for place in (0, 1)),
        [page.format(one, kind) for one in rows[value].head(2)],
    )
    case = "tie" if shown[0] == shown[1] else "first"
    values = {"first": shown[0], "second": shown[1], "first_name": name(first), "second_name": name(second)}
    return [page.say(f"delivery.leads_{case}", what=what, **values)]
