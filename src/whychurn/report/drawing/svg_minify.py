"""SVG text made shorter without a change in what it shows."""

from __future__ import annotations

import re
from typing import Final

_TAG: Final = re.compile(r"(<[^<>]*>)")
_ZERO_ROTATION: Final = re.compile(r' transform="rotate\(-?0(?: [^)]*)?\)"')
_PATH: Final = re.compile(r' d="[^"]*"')
_STYLE: Final = re.compile(r' style="[^"]*"')
_LETTER: Final = re.compile(r" ?([A-Za-z]) ?")
_NUMBER: Final = re.compile(r"-?\d+\.\d+")
_RUN: Final = re.compile(r'(?:<use [^<>]* style="([^"]*)"/>)(?:<use [^<>]* style="\1"/>)+')


def minify_svg(inner: str) -> str:
    """The content of an SVG element without bare groups, rotations by zero and repeated styles.

    Matplotlib gives each marker of a line its own style; a group around them holds it once. Paths are rounded
    to a tenth of a point, less than a screen can show.
    """
    inner = _STYLE.sub(lambda style: style.group().replace("; ", ";").replace(": ", ":"), inner)
    inner = _PATH.sub(_shorter, _ZERO_ROTATION.sub("", inner))
    return _RUN.sub(_style_once, _without_bare_groups(inner))


def _shorter(path: re.Match[str]) -> str:
    steps = _LETTER.sub(r"\1", _NUMBER.sub(_tenth, path.group()[4:-1])).strip()
    return f' d="{steps}"'


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


def _style_once(run: re.Match[str]) -> str:
    style = f' style="{run.group(1)}"'
    return f"<g{style}>{run.group().replace(style, '')}</g>"
