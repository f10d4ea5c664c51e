"""Texts with the same content are kept once, with a count, before any heavy work."""

from functools import cache
from typing import Final

import pandas as pd

from whychurn.voice.text.language import detect_language, dominant_language
from whychurn.voice.text.normalise import DATA, PLACEHOLDER, is_unreadable, normalise, text_key
from whychurn.voice.text.tokens import tokenize

# what becomes of a text: only `ok` ones enter the topic model; all are counted
STATES: Final = ("ok", "one_word", "boilerplate", "no_words", "unreadable", "other_language", "empty")
DISTINCT_COLUMNS: Final = ("key", "plain", "language", "space", "state", "tokens", "count", "chosen")
CHOSEN_FROM: Final = 10  # texts in the same words from which on nobody is taken to have made them up alone
LIST_SHARE: Final = 0.3  # of the texts of a language in such words, from which on they come from a list


def deduplicate(
    texts: pd.Series, boilerplate: list[str], max_characters: int
) -> tuple[pd.Series, pd.DataFrame]:
    """Distinct texts among redacted texts, by normal form.

    Parameters
    ----------
    texts
        One text a row; null or blank where there is none.
    boilerplate
        Further texts that systems write in place of members, besides data/boilerplate.txt.

    Returns
    -------
    Position of each text in the distinct texts (-1: empty), index of `texts`; and these, one row per distinct
    normal form, sorted by key: key, plain (most frequent form), language, space (zh or en: where it is
    modelled), state (`STATES`), tokens (separated by spaces), count,
    chosen (see `chosen_from_list`).
    """
    given = texts.astype("string")
    counts = given[given.str.strip().fillna("").ne("")].value_counts()
    forms = pd.DataFrame({"raw": counts.index.astype(str), "count": counts.to_numpy(dtype="int64")})
    forms["plain"] = [normalise(raw, max_characters) for raw in forms["raw"]]
    forms["key"] = [text_key(plain) for plain in forms["plain"]]
    forms["unreadable"] = [is_unreadable(raw) for raw in forms["raw"]]
    forms = forms.sort_values(["key", "count", "plain", "raw"], ascending=[True, False, True, True])
    grouped = forms.groupby("key", sort=True)
    distinct = grouped.agg(plain=("plain", "first"), count=("count", "sum"), unreadable=("unreadable", "all"))
    distinct = describe_distinct(distinct.reset_index(), boilerplate)
    place = dict(zip(distinct["key"], range(len(distinct)), strict=True))
    of_raw = dict(zip(forms["raw"], forms["key"].map(place), strict=True))
    return given.map(of_raw).fillna(-1).astype("int64"), distinct[list(DISTINCT_COLUMNS)]


def describe_distinct(distinct: pd.DataFrame, boilerplate: list[str]) -> pd.DataFrame:
    """Language, words and state of each distinct text (columns key, plain, count, unreadable)."""
    boilerplate_keys = _boilerplate() | {text_key(normalise(text, 1000)) for text in boilerplate}
    described = distinct.copy()
    bare = [PLACEHOLDER.sub("", plain) for plain in distinct["plain"]]
    described["language"] = [detect_language(plain) for plain in bare]
    described["space"] = [dominant_language(plain) for plain in bare]
    tokens = [tokenize(plain) for plain in distinct["plain"]]
    described["tokens"] = [" ".join(words) for words in tokens]
    number = pd.Series([len(words) for words in tokens], index=distinct.index)
    described["chosen"] = chosen_from_list(described[["space", "count"]])
    state = pd.Series("ok", index=distinct.index)
    state = state.mask((number == 1) & ~described["chosen"], "one_word")  # an option may be one word
    state = state.mask(number == 0, "no_words")
    state = state.mask(described["language"].eq("other") & ~described["chosen"], "other_language")
    state = state.mask(described["key"].isin(boilerplate_keys), "boilerplate")
    described["state"] = state.mask(described["unreadable"], "unreadable")
    return described


def chosen_from_list(distinct: pd.DataFrame) -> pd.Series:
    """Which distinct texts (columns space, count) members chose from a list of a form.

    Texts in the same words, `CHOSEN_FROM` times and more, where these are `LIST_SHARE` of the texts of a
    language; of free texts hardly any repeat each other.
    """
    often = distinct["count"] >= CHOSEN_FROM
    share = distinct["count"].where(often, 0).groupby(distinct["space"]).transform("sum")
    share = share / distinct["count"].groupby(distinct["space"]).transform("sum")
    options = often.groupby(distinct["space"]).transform("sum")  # one text alone is no list
    return often & (share >= LIST_SHARE) & (options > 1)


@cache
def _boilerplate() -> frozenset[str]:
    lines = (DATA / "boilerplate.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(text_key(normalise(line, 1000)) for line in lines if line.strip())
