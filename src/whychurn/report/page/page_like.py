"""What sentences, tables and charts need of the page that they are written for."""

from __future__ import annotations

from typing import Any, Protocol


class PageLike(Protocol):
    """A page in one language: `page.Page`, or a stand-in in tests."""

    lang: str
    confidence: float

    def say(self, key: str, **values: object) -> str:
        """Words of `key` (``section.name``) in the language of the page."""

    def format(self, value: Any, kind: str) -> str:
        """`value` as text; `formats.format_value` names the kinds."""

    def members(self, count: float) -> str:
        """Number of members as text, withheld where it is small."""
