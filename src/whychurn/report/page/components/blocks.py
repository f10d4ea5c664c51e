"""Blocks of a page for reviewers: a finding with its rung, a fold, a block that waits for data, a tag."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from whychurn.contract.errors import WhychurnError
from whychurn.report.page.html_pieces import badge, clauses, inline
from whychurn.report.words import has_words, say

TAGS: Final = ("proven", "harm", "open", "untested")


def block(title: str, body: str, lang: str, *, rung: str | None = None, ident: str = "") -> str:
    """Section under the finding `title`, its rung once, in the head.

    Parameters
    ----------
    body
        HTML.
    ident
        Anchor.
    """
    mark = f" {badge(rung, lang)}" if rung else ""
    anchor = f' id="{escape(ident)}"' if ident else ""
    held = f' data-rung="{escape(rung)}"' if rung else ""
    parts = [inline(part) for part in clauses(title)]
    text = "".join(f"<span>{part}</span>" for part in parts) if len(parts) > 1 else parts[0]
    head = f'<div class="bk-head"><h2>{text}</h2>{mark}</div>'
    return f'<section class="bk"{anchor}{held}>{head}{body}</section>'


def pair(*blocks: str) -> str:
    """Blocks side by side where the page is wide enough."""
    return f'<div class="bk-pair">{"".join(part for part in blocks if part)}</div>'


def note(text: str) -> str:
    """Sentence in muted ink, without an estimate."""
    return f'<p class="bk-note">{inline(text)}</p>'


def claim(text: str, rung: str, *, muted: bool = False) -> str:
    """Sentence that holds an estimate; tests read its rung."""
    look = ' class="bk-note"' if muted else ""
    return f'<p{look} data-claim data-rung="{escape(rung)}">{inline(text)}</p>'


def claims(lines: Iterable[tuple[str, str]], lang: str, *, badges: bool = False) -> str:
    """Rung and sentence of each line, one a paragraph; `badges` where the block has no rung of its own."""
    return "".join(
        f'<p data-claim data-rung="{escape(rung)}">{inline(text)}{f" {badge(rung, lang)}" if badges else ""}</p>'
        for rung, text in lines
    )


def fold(title: str, hint: str, body: str) -> str:
    """Folded section; `hint` says how much is inside. It stays shut in print."""
    small = f" <span>{inline(hint)}</span>" if hint else ""
    return f'<details class="bk-fold"><summary><b>{inline(title)}</b>{small}</summary>{body}</details>'


def original(lang: str, page_lang: str) -> list[str]:
    """That words of a member are in another language than the page; nothing where both are the same."""
    key = f"delivery.original_{lang}"
    return [say(key, page_lang)] if lang != page_lang and has_words(key) else []


def quote(text: str, lang: str, source: str) -> str:
    """Words of a member, redacted, in their own language; `source` says whence, when and what they are about."""
    code = "zh-CN" if lang == "zh" else lang
    return (
        f'<figure class="qt"><blockquote lang="{escape(code)}" data-verbatim>{escape(text)}</blockquote>'
        f"<figcaption>{inline(source)}</figcaption></figure>"
    )


def bullets(lines: Iterable[str]) -> str:
    """Sentences as a list."""
    return f"<ul>{''.join(f'<li>{inline(line)}</li>' for line in lines)}</ul>"


def see(href: str, text: str) -> str:
    """Link to the section that derives a figure."""
    return f'<p class="see"><a href="{escape(href)}">{inline(text)}</a></p>'


def missing_block(title: str, needs: str, shows: str, lang: str) -> str:
    """Frame of a block that cannot be filled: what it needs, what it would show."""
    text = say("delivery.missing_block", lang, needs=needs, shows=shows)
    return (
        f'<section class="bk bk-missing"><div class="bk-head"><h2>{inline(title)}</h2></div>'
        f"<p>{inline(text)}</p></section>"
    )


def tag(kind: str, lang: str) -> str:
    """Verdict in a word: ``proven``, ``harm``, ``open`` (tested, not proven yet) or ``untested``.

    Raises
    ------
    WhychurnError
        If `kind` is none of them.
    """
    if kind not in TAGS:
        raise WhychurnError(f"unknown tag {kind!r}", remedy=f"use one of {', '.join(TAGS)}")
    return f'<span class="wt wt-{kind}">{escape(say(f"delivery.tag_{kind}", lang))}</span>'
