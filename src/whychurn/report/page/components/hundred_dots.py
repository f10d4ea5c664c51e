"""Natural frequencies as a hundred marks: dots for what is right, crosses for what is wrong, rings for what is open."""

from __future__ import annotations

from html import escape
from typing import Final

from whychurn.contract.errors import WhychurnError

_ACROSS: Final = 20
_SHAPES: Final = (
    '<circle class="dot" cx="{x}" cy="{y}" r="3.4"/>',
    '<path class="cross" d="M{left} {top}l5 5m0-5l-5 5"/>',
    '<circle class="open" cx="{x}" cy="{y}" r="3"/>',
)


def hundred_dots(right: int, wrong: int, label: str) -> str:
    """`right` dots, `wrong` crosses, and rings up to a hundred, as SVG that says `label`.

    Raises
    ------
    WhychurnError
        If there are more than a hundred.
    """
    if min(right, wrong) < 0 or right + wrong > 100:
        raise WhychurnError(f"{right} right and {wrong} wrong are not parts of 100")
    drawn = ""
    for place in range(100):
        x, y = 5 + 10 * (place % _ACROSS), 5 + 10 * (place // _ACROSS)
        shape = _SHAPES[0 if place < right else 1 if place < right + wrong else 2]
        drawn += shape.format(x=x, y=y, left=x - 2.5, top=y - 2.5)
    name = escape(label)
    return f'<svg class="dots" viewBox="0 0 200 50" role="img" aria-label="{name}"><title>{name}</title>{drawn}</svg>'
