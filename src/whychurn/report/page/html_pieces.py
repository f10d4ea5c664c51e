"""Small pieces of report HTML: answer box, claim with its rung, notes."""

from __future__ import annotations

import re
from html import escape
from typing import Final

from whychurn.contract.causes import RUNGS
from whychurn.contract.errors import WhychurnError
from whychurn.report.words import say

_STRONG: Final = re.compile(r"\*\*(.+?)\*\*")
_CODE: Final = re.compile(r"`(.+?)`")
_SENTENCES: Final = re.compile(r"(?<=[^.]\.) (?=[A-Z“*])|(?<=。)(?=.)")
_CLAUSES: Final = re.compile(r"(?<=[，；。])(?=.)")
_INTERVAL: Final = re.compile(r"\[[^\[\]<>]*\d[^\[\]<>]*\]")


def inline(text: str) -> str:
    """Escaped `text`, with ``**strong**``, `` `code` `` and intervals ``[2–5]`` set apart."""
    text = _INTERVAL.sub(r'<span class="in">\g<0></span>', escape(text, quote=False))
    return _CODE.sub(r"<code>\1</code>", _STRONG.sub(r"<strong>\1</strong>", text))


def first_sentence(text: str) -> tuple[str, str]:
    """The first sentence of `text` without its full stop, and all others."""
    first, _, others = _SENTENCES.sub("\n", text.strip(), count=1).partition("\n")
    return first.rstrip(".。"), others.strip()


def clauses(text: str) -> list[str]:
    """Parts of a heading between which it may break: Chinese ones end in a mark."""
    return _CLAUSES.split(text)


def badge(rung: str, lang: str) -> str:
    """Visible mark of a rung: steps filled up to it, its name, its meaning on hover and in the legend.

    Raises
    ------
    WhychurnError
        If `rung` is not on the ladder.
    """
    if rung not in RUNGS:
        raise WhychurnError(f"unknown rung {rung!r}", remedy=f"use one of {', '.join(RUNGS)}")
    filled = RUNGS.index(rung)
    steps = "".join(f'<i class="{"on" if step <= filled else "off"}"></i>' for step in range(len(RUNGS)))
    name, meaning = (escape(say(f"delivery.{key}_{rung}", lang)) for key in ("rung", "why"))
    return (
        f'<a class="wc-rung wc-{rung}" href="#rungs" title="{meaning}">'
        f'<span class="wc-steps" aria-hidden="true">{steps}</span>{name}</a>'
    )


def answer_box(text: str, lang: str) -> str:
    """The answer of a report, before anything else; an empty line starts a new paragraph."""
    paragraphs = "".join(f"<p>{inline(part.strip())}</p>" for part in text.strip().split("\n\n"))
    tag = escape(say("delivery.answer", lang))
    return f'<div class="wc wc-answer"><b class="wc-tag">{tag}</b>{paragraphs}</div>'


def claim_line(rung: str, text: str, lang: str, marked: bool = True) -> str:
    """One sentence on its rung; its badge stands where it is `marked`, so that it is said once for several."""
    mark = f"{badge(rung, lang)} " if marked else ""
    return f'<p class="wc wc-claim" data-claim data-rung="{rung}">{mark}<span>{inline(text)}</span></p>'


def unanswered_line(text: str, lang: str) -> str:
    """One question that the data cannot answer."""
    tag = escape(say("delivery.unanswered_tag", lang))
    return f'<p class="wc wc-unanswered"><b class="wc-tag">{tag}</b> {inline(text)}</p>'


def figure_box(svg: str, number: int, title: str, rung: str, lang: str, note: str | None) -> str:
    """Figure with caption above, rung beside it, note below."""
    label = escape(say("delivery.figure", lang, number=number))
    larger, values = (escape(say(f"delivery.figure_{word}", lang)) for word in ("larger", "values"))
    return (
        f'<figure class="wc wc-figure" data-values="{values}"><figcaption><b>{label}</b> '
        f'{inline(title)} {badge(rung, lang)} <small>{larger}</small></figcaption><div class="wc-scroll" tabindex="0">{svg}</div>'
        + (f'<p class="wc-note">{inline(note)}</p>' if note else "")
        + "</figure>"
    )
