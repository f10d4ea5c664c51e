"""Polarity and urgency of a text in English and Chinese, by words; no network, no training data."""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.yaml_files import read_yaml
from whychurn.voice.text.normalise import normalise
from whychurn.voice.text.phrase_matcher import Phrases, compile_phrases, weighted

FILE: Final = Path(__file__).with_name("polarity.yaml")
_STOP: Final = re.compile(r"[。!?;,.，！？；\n]")
_TOKEN: Final = re.compile(r"[a-z']+")


@dataclass(frozen=True)
class Rule:
    """What turns a polar word round or makes it stronger, and how many words before it are read."""

    negators: frozenset[str]
    degrees: dict[str, float]
    turned: float
    reach: int


@dataclass(frozen=True)
class Polarity:
    """Words of praise (positive) and blame (negative), their modifiers, and words of urgency."""

    settings: dict[str, float]
    rules: dict[str, Rule]
    words: dict[str, Phrases[float]]
    urgent: dict[str, Phrases[float]]
    but: re.Pattern[str]


@cache
def load_polarity(file: Path = FILE) -> Polarity:
    """Read and compile the words of polarity and urgency.

    Raises
    ------
    WhychurnError
        If a word is no text with a weight.
    """
    content = read_yaml(file)
    words, urgent = {}, {}
    for language in ("en", "zh"):
        rule = content[language]
        signed = dict(weighted(rule["neutral"], 0.0, file))
        signed |= dict(weighted(rule["praise"], 1.0, file))
        signed |= {word: -weight for word, weight in weighted(rule["blame"], 1.0, file)}
        words[language] = compile_phrases(language, signed)
        urgent[language] = compile_phrases(language, dict(weighted(content["urgency"][language], 1.0, file)))
    english = "|".join(rf"\b{word}\b" for word in content["en"]["but"])
    but = re.compile("|".join([english, *content["zh"]["but"]]))
    settings = content["settings"]
    rules = {language: _rule(content[language], settings) for language in ("en", "zh")}
    return Polarity(settings, rules, words, urgent, but)


def _rule(content: dict[str, Any], settings: dict[str, float]) -> Rule:
    degrees = {word: settings[kind] for kind in ("stronger", "weaker") for word in content[kind]}
    return Rule(frozenset(content["negators"]), degrees, settings["turned"], content["reach"])


def sentiment(texts: Iterable[str | None], polarity: Polarity | None = None) -> pd.Series:
    """Polarity of each text between -1 (blame) and 1 (praise); 0 where no word of either is found.

    Words of praise and blame are added, turned round by a negator shortly before them, made stronger or
    weaker by words of degree; what follows a "but" counts more. The sum s becomes ``s / sqrt(s^2 +
    spread)`` (Hutto & Gilbert 2014, VADER). It knows neither sarcasm nor the world: "great, another
    delay" reads as half praise, and a neutral report of a problem as blame.

    Parameters
    ----------
    texts
        Redacted texts; the index of a Series is kept.
    polarity
        The words that ship, if not given.

    Returns
    -------
    One value a text, null for an empty one.
    """
    polarity = polarity or load_polarity()
    return _each(texts, "sentiment", polarity, lambda text: _squash(_sum(text, polarity), polarity))


def urgency(texts: Iterable[str | None], polarity: Polarity | None = None) -> pd.Series:
    """Urgency between 0 and 1: ``1 - exp(-sum of the weights of its words of haste or threat)``.

    Returns
    -------
    One value a text, null for an empty one.
    """
    polarity = polarity or load_polarity()

    def press(text: str) -> float:
        weight_sum = sum(weight for words in polarity.urgent.values() for _, _, weight in words.find(text))
        return 1.0 - math.exp(-weight_sum)

    return _each(texts, "urgency", polarity, press)


def _each(
    texts: Iterable[str | None], name: str, polarity: Polarity, measure: Callable[[str], float]
) -> pd.Series:
    series = texts if isinstance(texts, pd.Series) else pd.Series(list(texts), dtype="object")
    limit = int(polarity.settings["max_characters"])
    cache: dict[str, float] = {}
    values = np.full(len(series), np.nan)
    for row, text in enumerate(series):
        if not isinstance(text, str) or not text.strip():
            continue
        if text not in cache:
            cache[text] = measure(normalise(text, limit).replace("’", "'"))
        values[row] = cache[text]
    return pd.Series(values, index=series.index, name=name)


def _squash(total: float, polarity: Polarity) -> float:
    return total / math.sqrt(total * total + polarity.settings["spread"])


def _sum(text: str, polarity: Polarity) -> float:
    settings = polarity.settings
    turns = [match.start() for match in polarity.but.finditer(text)]
    last = turns[-1] if turns else None
    total = 0.0
    for start, _, value in word_values(text, polarity):
        factor = 1.0
        if last is not None:
            factor = settings["after_but"] if start >= last else settings["before_but"]
        total += factor * value
    marks = min(3, text.count("!") + text.count("！"))
    return total * settings["exclaimed"] ** marks if total else 0.0


def word_values(text: str, polarity: Polarity) -> list[tuple[int, int, float]]:
    """Start, end and value of each polar word of a normal form, negators and degrees included."""
    values = []
    for language, words in polarity.words.items():
        factor = _english_factor if language == "en" else _chinese_factor
        for start, end, value in words.find(text):
            if value:
                before = _STOP.split(text[max(0, start - 30) : start])[-1]
                values.append((start, end, value * factor(before, polarity.rules[language])))
    return values


def _english_factor(before: str, rule: Rule) -> float:
    near = _TOKEN.findall(before)[-rule.reach :]
    factor = rule.turned if not rule.negators.isdisjoint(near) else 1.0
    return factor * rule.degrees.get(near[-1] if near else "", 1.0)


def _chinese_factor(before: str, rule: Rule) -> float:
    factor, rest = 1.0, before
    for _ in range(rule.reach + 1):  # modifiers are read backwards: 很, then 不是
        tails = [rest[-length:] for length in range(min(4, len(rest)), 0, -1)]
        tail = next((t for t in tails if t in rule.negators or t in rule.degrees), "")
        if not tail:
            break
        factor *= rule.turned if tail in rule.negators else rule.degrees[tail]
        rest = rest[: -len(tail)]
    return factor
