"""The tests to run next: how many members an arm, for how many weeks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from whychurn.report.action.names import code_name
from whychurn.report.action.results import ActionResults
from whychurn.report.action.sentences.effects import effect_rows, unworthy
from whychurn.report.page.components.numbers import plain
from whychurn.report.page.page_like import PageLike
from whychurn.report.words.readable_names import action_name

FORMATS: Final = {
    **dict.fromkeys(("p0", "relative", "power"), "percent"),
    **dict.fromkeys(("n_arm", "n_control", "weeks", "arms"), "int"),
}
LONGEST: Final = 104  # weeks; a test that would draw members for longer has too few of them
MOST: Final = 3  # tests that the first screen names


def size_table(results: ActionResults, page: PageLike) -> pd.DataFrame:
    """Each action by design, the smallest test first."""
    rows = results["action_sizes"].sort_values(["n_arm", "action", "design"], kind="stable")
    if rows.empty:
        return pd.DataFrame()
    names = [action_name(action, page.lang) for action in rows["action"]]
    designs = [code_name("design", design, page.lang) for design in rows["design"]]
    kept = ["p0", "relative", "power", "n_arm", "n_control", "weeks"]
    return rows[kept].assign(action=names, design=designs)[["action", "design", *kept]].reset_index(drop=True)


def test_lines(results: ActionResults, page: PageLike) -> list[str]:
    """The test that ends soonest of each of a few actions that nobody has settled, in the order of their weeks.

    Actions that cannot pay, or of whose contacted members no fewer left than of others, are not proposed again.
    """
    rows = results["action_sizes"].dropna(subset=["n_arm"])
    settled = set(results["playbook"].query("tested in ['shown', 'harmful']")["action"])
    tried = effect_rows(results).to_dict("records")
    settled |= {row["action"] for row in tried if row["value"] <= 0 or unworthy(row)}
    rows = rows[~rows["action"].isin(settled)]
    soonest = (
        rows.sort_values(["weeks", "n_arm", "action"], kind="stable").drop_duplicates("action").head(MOST)
    )
    return [_sentence(row, page) for row in soonest.to_dict("records")]


def _sentence(row: Mapping[Any, Any], page: PageLike) -> str:
    words = {
        "action": action_name(str(row["action"]), page.lang),
        "n_arm": plain(row["n_arm"]),
        "p0": page.format(row["p0"], "percent"),
        "p1": page.format(row["p0"] * (1 - row["relative"]), "percent"),
        "weeks": plain(row["weeks"]),
    }
    weeks = row["weeks"]
    key = "test_size" if pd.isna(weeks) else "test_weeks" if weeks <= LONGEST else "test_few"
    return page.say(f"action.{key}", **words)
