"""Which of the six causes a text names, by the words of the lexicon."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.voice.causes.lexicon import Hit, Lexicon, load_lexicon
from whychurn.voice.sentiment.polarity import load_polarity, word_values
from whychurn.voice.text.normalise import normalise

P_COLUMNS: Final = tuple(f"p_{cause}" for cause in (*CAUSES, "none"))
KEPT: Final = 500_000  # texts of which it is kept what the lexicon finds in them
_CLAUSE: Final = re.compile(r"[。!?;,.，！？；\n]|\bbut\b|但|可是|不过")
_WORD: Final = re.compile(r"[a-z']+")


def cause_probabilities(texts: Iterable[str | None], lexicon: Lexicon | None = None) -> pd.DataFrame:
    """Probability that each text names each cause, or none.

    The weights of the lexicon's words that a text holds are added by cause; each cause keeps a small
    floor and "no cause" a fixed weight; the shares of the sum are the probabilities. They order and
    compare texts; how well they agree with people who labelled texts is measured, not assumed
    (`classification_agreement`).

    Parameters
    ----------
    texts
        Redacted texts; null and blank ones count as empty. The index of a Series is kept.
    lexicon
        The one that ships, if not given.

    Returns
    -------
    One row a text, columns ``p_product_service`` … ``p_natural``, ``p_none``: they sum to 1, and are null
    for an empty text.
    """
    lexicon = lexicon or load_lexicon()
    scores = concept_scores(texts, lexicon)
    by_cause = pd.DataFrame(
        {
            cause: scores[list(lexicon.concepts.loc[lexicon.concepts["cause"] == cause, "concept"])].sum(
                axis=1, skipna=False
            )
            for cause in CAUSES
        }
    )
    weights = by_cause + lexicon.settings["floor"]
    weights["none"] = np.where(by_cause.isna().any(axis=1), np.nan, lexicon.settings["none"])
    shares = weights.div(weights.sum(axis=1, skipna=False), axis=0)
    return shares.set_axis(list(P_COLUMNS), axis=1)


def concept_scores(texts: Iterable[str | None], lexicon: Lexicon | None = None) -> pd.DataFrame:
    """Weight of the words of each concept (sub-cause) in each text; null for an empty text.

    Returns
    -------
    One row a text, one column a concept of ``lexicon.concepts``.
    """
    lexicon = lexicon or load_lexicon()
    series = texts if isinstance(texts, pd.Series) else pd.Series(list(texts), dtype="object")
    place = {concept: i for i, concept in enumerate(lexicon.concepts["concept"])}
    scores = np.full((len(series), len(place)), np.nan)
    for row, text in enumerate(series):
        if not isinstance(text, str) or not text.strip():
            continue
        scores[row] = 0.0
        for concept, score in _scores(text, lexicon).items():
            scores[row, place[concept]] = score
    return pd.DataFrame(scores, index=series.index, columns=list(place))


@lru_cache(KEPT)  # boilerplate and copies are read once, by whatever asks for them
def _scores(text: str, lexicon: Lexicon) -> dict[str, float]:
    """Weight of the words of each concept that a text names."""
    text = normalise(text, int(lexicon.settings["max_characters"])).replace("’", "'")
    hits = lexicon.find(text)
    if not hits:
        return {}
    mood = _clause_moods(text)
    weights_of: dict[str, list[float]] = {}
    for hit in hits:
        weight = _weight(hit, text, mood[hit.start], lexicon)
        if weight > 0:
            weights_of.setdefault(hit.term.concept, []).append(weight)
    scores = {}
    for concept, weights in weights_of.items():
        strongest, *others = sorted(weights, reverse=True)
        scores[concept] = strongest + lexicon.settings["repeat"] * sum(others)
    return scores


def _clause_moods(text: str) -> np.ndarray:
    """Sum of the polar words of the clause around each letter."""
    ends = [match.start() for match in _CLAUSE.finditer(text)]
    clause = np.zeros(len(text), dtype=int)
    clause[ends] = 1
    number = clause.cumsum()
    total = np.zeros(len(ends) + 1)
    for start, _, value in word_values(text, load_polarity()):
        total[number[start]] += value
    return total[number]


def _weight(hit: Hit, text: str, mood: float, lexicon: Lexicon) -> float:
    settings, denied = lexicon.settings, is_denied(text, hit.start, hit.language, lexicon)
    if not hit.term.topic:
        return 0.0 if denied else hit.term.weight
    if mood > settings["mood"]:
        return hit.term.weight * settings["praised"]
    return hit.term.weight * (settings["blamed"] if denied or mood < -settings["mood"] else 1.0)


def is_denied(text: str, start: int, language: str, lexicon: Lexicon) -> bool:
    """Whether a negation stands shortly before position `start`, within the same clause."""
    rule = lexicon.negation[language]
    clause = _CLAUSE.split(text[max(0, start - 40) : start])[-1]
    for phrase in rule["except"]:
        clause = clause.replace(phrase, "")
    if language == "en":
        return bool(set(_WORD.findall(clause)[-rule["reach"] :]) & set(rule["words"]))
    return any(word in clause[-rule["reach"] - len(word) :] for word in rule["words"])


def leading_cause(probabilities: pd.DataFrame) -> pd.Series:
    """Cause named most strongly: one of the six, ``none`` without a word of any, null for empty texts."""
    causes = probabilities[[f"p_{cause}" for cause in CAUSES]]
    most, least = causes.max(axis=1), causes.min(axis=1)
    strongest = causes.fillna(-1.0).to_numpy(dtype=float).argmax(axis=1) if len(causes) else []
    named = pd.Series(np.array(CAUSES, dtype=object)[strongest], index=causes.index, name="cause")
    return named.mask(most <= least + 1e-9, "none").mask(most.isna(), None)


def leading_concept(texts: pd.Series) -> pd.Series:
    """Concept of the shipped lexicon that each text names most strongly; null where it names none."""
    scores = concept_scores(texts).fillna(0.0)
    names = np.asarray(scores.columns, dtype=object)[scores.to_numpy().argmax(axis=1)] if len(scores) else []
    return pd.Series(names, index=texts.index, dtype=object).where(scores.max(axis=1) > 0)
