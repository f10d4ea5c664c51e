"""Scores given in words, stars or parts: Promoter, very satisfied, 很满意, ★★★★☆, 4/5."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.yaml_files import read_yaml
from whychurn.intake.read.coerced import Note
from whychurn.intake.read.dtypes import TEXT
from whychurn.intake.read.words.flags import folded

_RANGE: Final = {"recommendation": (0, 10), "five": (1, 5)}
_PART: Final = re.compile(r"^(\d+(?:\.\d+)?)\s*(?:/|out of|of|分/)\s*(\d+)\s*分?$")
_STARS: Final = re.compile(r"^([★⭐*]+)[☆✩]*$")
_COUNTED: Final = re.compile(r"^(\d+(?:\.\d+)?|[一二三四五])\s*(?:-?\s*stars?|points?|星|颗星|分)$")
_DIGIT: Final = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5}


def read_score_words(
    text: pd.Series, numbers: np.ndarray, counts: np.ndarray
) -> tuple[np.ndarray, list[Note]]:
    """Scores of unique cells that are no numbers; NaN where the words belong to no one scale.

    Words count only where all of a column's belong to one scale and its numbers lie within it.

    Parameters
    ----------
    text, numbers
        Unique cells, and their values where they are numbers.
    counts
        Rows of each.
    """
    left = text.notna().to_numpy() & np.isnan(numbers)
    words = folded(text.astype(TEXT)).tolist()
    values = np.array([_counted(word) if ask else np.nan for word, ask in zip(words, left, strict=True)])
    left &= np.isnan(values)
    given = numbers[~np.isnan(numbers)]
    for scale, known in _scales().items():
        low, high = _RANGE[scale]
        found = np.array(
            [known.get(word, np.nan) if ask else np.nan for word, ask in zip(words, left, strict=True)]
        )
        fits = not len(given) or (given.min() >= low and given.max() <= high)
        if left.any() and fits and not np.isnan(found[left]).any():
            values[left] = found[left]
            break
    read = ~np.isnan(values)
    if not read.any():
        return values, []
    shown = ", ".join(f"{text[n]} = {values[n]:g}" for n in np.flatnonzero(read)[:6])
    return values, [("notice_score_words", {"n": int(counts[read].sum()), "words": shown})]


def _counted(word: str) -> float:
    if not isinstance(word, str):
        return np.nan
    if found := _PART.match(word):
        return float(found[1])
    if found := _STARS.match(word):
        return float(len(found[1]))
    if found := _COUNTED.match(word):
        return float(_DIGIT.get(found[1], 0) or found[1])
    return np.nan


@cache
def _scales() -> dict[str, dict[str, float]]:
    listed = read_yaml(Path(__file__).with_name("score_words.yaml"))
    return {
        scale: {word: float(value) for value, words in levels.items() for word in words}
        for scale, levels in listed.items()
    }
