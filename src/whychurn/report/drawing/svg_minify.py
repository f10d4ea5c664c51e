"""SVG text made shorter without a change in what it shows."""

from __future__ import annotations

import re
from typing import Final

_TAG: Final = re.compile(r"(<[^<>]*>)")
_NO_TURN: Final = re.compile(r' transform="rotate\(-?0(?: [^)]*)?\)"')
_PATH: Final = re.compile(r' d="[^"]*"')
_NUMBER: Final = re.compile(r"-?\d+\.\d+")
_RUN: Final = re.compile(r'(?:<use [^<>]* style="([^"]*)"/>)(?:<use [^<>]* style="\1"/>)+')


def minify_svg(inner: str) -> str:
    """The content of an SVG element without groups that say nothing, turns by zero and styles said again and again.

    Markers of one line are written with one style each; a group around them says it once, and they inherit it. Paths
    go to a tenth of a point, a fraction of what a screen can show.
    """
    inner = _PATH.sub(lambda path: _NUMBER.sub(_tenth, path.group()), _NO_TURN.sub("", inner))
    return _RUN.sub(_said_once, _without_bare_groups(inner))


def _tenth(number: re.Match[str]) -> str:
    short = f"{float(number.group()):.1f}".removesuffix(".0")
    return "0" if short == "-0" else short


def _without_bare_groups(inner: str) -> str:
    kept: list[str] = []
    bare: list[bool] = []
    for part in _TAG.split(inner):
        if part.startswith("<g") and part[2:3] in (">", " "):
            bare.append(part == "<g>")
            if bare[-1]:
                continue
        elif part == "</g>" and bare.pop():
            continue
        kept.append(part)
    return "".join(kept)


def _said_once(run: re.Match[str]) -> str:
    style = f' style="{run.group(1)}"'
    return f"<g{style}>{run.group().replace(style, '')}</g>"
