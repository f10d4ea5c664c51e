"""Words and numbers in one language, for pages and for sentences that stand outside a page."""

from __future__ import annotations

from typing import Any

import pandas as pd

from whychurn.report.page.components.numbers import long_day, money, month_name
from whychurn.report.page.formats import format_value
from whychurn.report.words import say


class Wording:
    """Says words and writes numbers; meets `page_like.PageLike`.

    Parameters
    ----------
    currency
        Of amounts; none if not given.
    min_cell
        Fewer members are not told; zero, for simulated ones, tells all.
    confidence
        Of the intervals in results (``run.confidence``).
    """

    def __init__(self, lang: str, currency: str = "", min_cell: int = 0, confidence: float = 0.95) -> None:
        self.lang, self._currency, self._min_cell = lang, currency, min_cell
        self.confidence = confidence

    def say(self, key: str, **values: object) -> str:
        """Words of `key` (``section.name``) in this language."""
        return say(key, self.lang, **values)

    def format(self, value: Any, kind: str) -> str:
        """`value` as running text has it: ``percent``, ``money``, ``int``, ``days``, ``date``, … (`formats.KINDS`)."""
        if kind == "money":
            return money(value, self.lang, self._currency)
        if kind == "date" and not pd.isna(value):
            return long_day(value, self.lang)
        if kind == "month" and not pd.isna(value):
            return month_name(value, self.lang)
        return format_value(value, kind, self.lang, self._currency)

    def members(self, count: float) -> str:
        """Number of members as text, withheld where it is small."""
        return f"<{self._min_cell}" if 0 < count < self._min_cell else self.format(count, "int")
