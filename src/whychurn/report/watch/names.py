"""Readable names of what the tables of watch call by code."""

from __future__ import annotations

from collections.abc import Iterable

from whychurn.report.page.formats import MISSING
from whychurn.report.words import has_words, say, say_or
from whychurn.report.words.readable_names import feature_name


def group_name(group: object, lang: str) -> str:
    """Name of a group: ``all``, ``tier:gold``, ``plan:yearly``, a cause, an input, or a table."""
    if not isinstance(group, str) or not group:
        return MISSING
    kind, _, name = group.partition(":")
    if name and has_words(f"watch.group_{kind}"):
        return say(
            f"watch.group_{kind}",
            lang,
            name=say_or(f"retention.segment_{name}", lang, say_or(f"action.tier_{name}", lang, name)),
        )
    if kind == "cause":
        return say_or(f"causes.{name}", lang, name)
    return say_or(f"watch.group_{group}", lang, say_or(f"causes.{group}", lang, feature_name(group, lang)))


def headline_name(headline: str, lang: str) -> str:
    """Name of a headline that two months are compared by; a group's own where it is about one."""
    return say_or(f"watch.headline_{headline}", lang, group_name(headline, lang))


def code_names(codes: Iterable[object], kind: str, lang: str) -> list[str]:
    """Names of ``chart``, ``state``, ``direction`` or ``word``; a dash where none is given."""
    return [
        say_or(f"watch.{kind}_{code.replace(' ', '_')}", lang, code)
        if isinstance(code, str) and code
        else MISSING
        for code in codes
    ]
