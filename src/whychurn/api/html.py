"""Small tables that a notebook shows in place of an address."""

from html import escape
from typing import Final

import pandas as pd

ROWS: Final = 20  # shown at most


def html_table(title: str, frame: pd.DataFrame, digits: int = 3, most: int = ROWS) -> str:
    """A heading and the first rows of `frame`, numbers with `digits` digits behind the point.

    Parameters
    ----------
    title
        Plain text.
    most
        Rows shown.
    """
    shown = frame.head(most).to_html(
        index=False, border=0, na_rep="", float_format=f"{{:,.{digits}f}}".format
    )
    more = f"<p>… {len(frame) - most:,} more rows</p>" if len(frame) > most else ""
    return f"<p><b>{escape(title)}</b></p>{shown}{more}"
