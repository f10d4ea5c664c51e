"""Words and characters of a text for small supervised models: no dictionary, both languages in one space."""

import re
from itertools import pairwise
from typing import Final

_RUN: Final = re.compile(r"[a-z']+|[\u3400-\u9fff]+")


def text_grams(text: str) -> list[str]:
    """English words and pairs of words, Chinese characters and pairs of characters.

    >>> text_grams("Too late, 太慢")
    ['太', '慢', '太慢', 'too', 'late', 'too late']
    """
    runs = _RUN.findall(text.lower())
    grams: list[str] = []
    for run in runs:
        if run[0] >= "\u3400":
            grams += [*run, *(run[i : i + 2] for i in range(len(run) - 1))]
    english = [run for run in runs if run[0] < "\u3400"]
    return grams + english + [f"{a} {b}" for a, b in pairwise(english)]
