"""A long list as a table that a reader can search, filter, sort and take along as CSV; it reads without any script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

import pandas as pd

from whychurn.report.page.html_pieces import inline
from whychurn.report.page.html_table import (
    FIRST_ROWS,
    TableLook,
    bare_table,
    filter_bar,
    table_tools,
    withheld_note,
)
from whychurn.report.words import say

MOST_ROWS: Final = 500  # in a page; a list for staff comes from `whychurn action export`


def list_table(
    frame: pd.DataFrame, name: str, look: TableLook, filters: Sequence[str] = (), most: int = MOST_ROWS
) -> str:
    """`frame` as a list.

    Parameters
    ----------
    frame
        One row per entry, in the order in which it is worked through.
    name
        Of the CSV file, and of the filters in an address (``?<column>=<text>``).
    filters
        Columns of text whose values can be chosen.
    most
        Rows written; how many are left out is said.
    """
    if frame.empty:
        return f'<p class="bk-note">{escape(say("delivery.empty_table", look.lang))}</p>'
    shown = frame.head(most)
    limit = FIRST_ROWS if len(shown) > FIRST_ROWS else None
    bar = filter_bar(shown, look, filters) if limit is not None else ""
    return (
        f'<div class="wc wc-tablebox wc-list">{bar}{bare_table(shown, name, look, limit)}'
        f"{table_tools(len(shown), limit, look.lang)}{withheld_note(shown, look.lang, look.min_cell)}{_left_out(len(shown), len(frame), look.lang)}</div>"
    )


def _left_out(shown: int, rows: int, lang: str) -> str:
    if shown == rows:
        return ""
    return f'<p class="bk-note">{inline(say("delivery.list_left_out", lang, shown=f"{shown:,}", rows=f"{rows:,}"))}</p>'
