"""Tables of a report: sortable, downloadable, small cells withheld."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final

import pandas as pd

from whychurn.report.page.formats import display_width, format_value, kind_of, text_language
from whychurn.report.page.html_pieces import badge, inline
from whychurn.report.words import say

SUPPRESSED: Final = "suppressed"  # column that marks withheld rows (contract.suppression)
FIRST_ROWS: Final = 12  # a longer table can be searched
MOST_ROWS: Final = 500  # more than this nobody reads in a page, and the page stays small
_LEFT: Final = ("text", "quote", "flag", "date", "month")
_SHORT: Final = 26
_FOLDED: Final = ' class="wc-more"'


@dataclass(frozen=True)
class TableLook:
    """How cells are written; `labels` and `formats` (`formats.KINDS`) by column, others by name and dtype.

    A text that `links` knows leads to its address.
    """

    lang: str
    currency: str
    min_cell: int
    labels: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)


def table_html(
    frame: pd.DataFrame,
    *,
    name: str,
    number: int,
    title: str,
    rung: str,
    lang: str,
    currency: str,
    min_cell: int,
    labels: Mapping[str, str] | None = None,
    formats: Mapping[str, str] | None = None,
    limit: int | None = None,
) -> str:
    """`frame` as a captioned table in a box that scrolls by itself.

    Parameters
    ----------
    frame
        One row per row shown; a boolean column ``suppressed`` withholds the empty cells of its rows.
    name
        Name of the CSV file that a reader can download.
    number
        Number of the table in the report.
    min_cell
        Named in the note below withheld cells.
    labels, formats
        Heading and format (`formats.KINDS`) by column; others keep their name and the format of their dtype.
    limit
        Rows shown before the reader asks for all.
    """
    caption = (
        f"<b>{escape(say('delivery.table', lang, number=number))}</b> {inline(title)} {badge(rung, lang)}"
    )
    shown = frame.head(MOST_ROWS)
    if shown.empty:
        return _box(caption, f'<p class="wc-note">{escape(say("delivery.empty_table", lang))}</p>')
    look = TableLook(lang, currency, min_cell, labels or {}, formats or {})
    table = bare_table(shown, name, look, limit)
    bar = filter_bar(shown.drop(columns=SUPPRESSED, errors="ignore"), look) if len(shown) > FIRST_ROWS else ""
    tools = table_tools(len(shown), limit, lang) + withheld_note(frame, lang, min_cell)
    if len(frame) > MOST_ROWS:
        left_out = say("delivery.rows_left_out", lang, shown=MOST_ROWS, rows=len(frame))
        tools += f'<p class="wc-note">{escape(left_out)}</p>'
    return _box(caption, bar + table + tools)


def bare_table(frame: pd.DataFrame, name: str, look: TableLook, limit: int | None = None) -> str:
    """`frame` as a table in a box that scrolls by itself, without caption and tools."""
    withheld = _withheld(frame)
    shown = frame.drop(columns=SUPPRESSED, errors="ignore")
    kinds = {str(column): look.formats.get(str(column)) or kind_of(shown[column]) for column in shown}
    head = "".join(
        _heading(kind, look.labels.get(column, column), look.lang) for column, kind in kinds.items()
    )
    rows = [
        f"<tr{_FOLDED if limit is not None and position >= limit else ''}>"
        + "".join(
            _cell(value, kinds[str(column)], withheld is not None and bool(withheld.iloc[position]), look)
            for column, value in record.items()
        )
        + "</tr>"
        for position, record in enumerate(shown.to_dict("records"))
    ]
    return (
        f'<div class="wc-scroll"><table class="wc-table" data-name="{escape(name)}">'
        f"<thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _withheld(frame: pd.DataFrame) -> pd.Series | None:
    return frame[SUPPRESSED].fillna(False).astype(bool) if SUPPRESSED in frame else None


def _box(caption: str, content: str) -> str:
    return f'<figure class="wc wc-tablebox"><figcaption>{caption}</figcaption>{content}</figure>'


def _heading(kind: str, label: str, lang: str) -> str:
    side = "" if kind in _LEFT else ' class="wc-number"'
    hint = escape(say("delivery.sort_by", lang, column=label))
    return f'<th scope="col"{side} title="{hint}">{inline(label)}</th>'


def _cell(value: Any, kind: str, withheld: bool, look: TableLook) -> str:
    empty = not isinstance(value, list | tuple | dict) and bool(pd.isna(value))
    if withheld and empty:
        text = f"&lt;{look.min_cell}" if kind == "int" else "·"
    else:
        text = inline(format_value(value, kind, look.lang, look.currency))
    width = _width(text)
    if kind == "text" and value in look.links:
        text = f'<a href="{escape(look.links[value])}">{text}</a>'
    side = f' class="{width}"' if kind in _LEFT else ' class="wc-number"'
    raw = "" if kind in ("text", "quote", "date", "month") else f' data-v="{_raw(value, empty)}"'
    if kind == "quote" and not empty:
        raw = f' lang="{text_language(text)}" data-verbatim'
    return f"<td{side}{raw}>{text}</td>"


def _width(text: str) -> str:
    """Short texts stay on one line, long ones get room to wrap; a Chinese character counts twice."""
    return "wc-short" if display_width(text) <= _SHORT else "wc-long"


def _raw(value: Any, empty: bool) -> str:
    if empty:
        return ""
    return f"{int(value)}" if isinstance(value, bool) else f"{float(value):.10g}"


def filter_bar(shown: pd.DataFrame, look: TableLook, filters: Sequence[str] = ()) -> str:
    """Search over all cells, a choice for each column of `filters`, and how many rows pass."""
    columns = [str(column) for column in shown]
    chosen = "".join(
        _choice(shown[column], column, columns.index(column), look) for column in filters if column in shown
    )
    search = escape(say("delivery.search", look.lang))
    count = escape(say("delivery.rows_of", look.lang, shown="#", rows="##"))
    return (
        f'<div class="wc-filters">{chosen}<label>{search} <input type="search" class="wc-search"></label>'
        f'<span class="wc-count" role="status" data-text="{count}"></span></div>'
    )


def _choice(values: pd.Series, column: str, place: int, look: TableLook) -> str:
    label = escape(look.labels.get(column, column))
    kind = look.formats.get(column, "text")
    texts = list(dict.fromkeys(format_value(value, kind, look.lang) for value in values))
    options = "".join(f"<option>{escape(text)}</option>" for text in sorted(texts))
    every = escape(say("delivery.all_values", look.lang))
    return (
        f'<label>{label} <select data-column="{place}" data-key="{escape(column)}">'
        f'<option value="">{every}</option>{options}</select></label>'
    )


def table_tools(rows: int, limit: int | None, lang: str) -> str:
    """Buttons below a table: all rows, where only `limit` are shown at first, and the rows as CSV."""
    more = ""
    if limit is not None and rows > limit:
        all_rows, fewer = say("delivery.show_all", lang, rows=rows), say("delivery.show_fewer", lang)
        more = (
            f'<button type="button" class="wc-all" data-fewer="{escape(fewer)}">{escape(all_rows)}</button>'
        )
    csv = f'<button type="button" class="wc-csv">{escape(say("delivery.download", lang))}</button>'
    return f'<div class="wc-tools">{more}{csv}</div>'


def withheld_note(frame: pd.DataFrame, lang: str, min_cell: int) -> str:
    """That cells about few members are not shown, where there are any."""
    withheld = _withheld(frame)
    if withheld is None or not withheld.any():
        return ""
    return f'<p class="wc-note">{escape(say("delivery.suppressed", lang, min_cell=min_cell))}</p>'
