"""The cause lexicon: words by which members name a cause, in English and Chinese, and where they stand in a text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pandas as pd
import yaml

from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError
from whychurn.voice.trie import trie_pattern

FILE: Final = Path(__file__).with_name("lexicon.yaml")
LANGUAGES: Final = ("en", "zh")
GAP: Final = "…"
_BETWEEN: Final = {"en": r"(?:[^\w.!?;]+[\w']+){0,4}?[^\w.!?;]+", "zh": r"[^。!?;,.，！？；]{0,8}?"}


@dataclass(frozen=True)
class Term:
    """What a word speaks of, how strongly, and whether it only names the subject."""

    cause: str
    concept: str
    weight: float
    topic: bool


@dataclass(frozen=True)
class Hit:
    """A term found at ``start:end`` of a text; ``language`` decides which negations are looked for."""

    start: int
    end: int
    language: str
    term: Term


@dataclass(frozen=True)
class Words:
    """Compiled words of one language.

    Parameters
    ----------
    exact, endings
        Word -> what it means; the second hold for any ending.
    pattern
        Finds the longest of them at each position.
    gapped
        Patterns of terms with a gap, each with a piece of text that must occur.
    """

    exact: Mapping[str, list[Term]]
    endings: Mapping[str, list[Term]]
    pattern: re.Pattern[str]
    gapped: list[tuple[re.Pattern[str], str, Term]]

    def meaning(self, word: str) -> list[Term]:
        """Terms behind a match of `pattern`."""
        if word in self.exact:
            return self.exact[word]
        ends = range(len(word), 0, -1)
        return next((self.endings[word[:end]] for end in ends if word[:end] in self.endings), [])


@dataclass(frozen=True)
class Lexicon:
    """Settings, negations and words of the file; ``concepts`` has cause, concept, en, zh, one row a sub-cause."""

    settings: dict[str, float]
    negation: dict[str, dict[str, Any]]
    concepts: pd.DataFrame
    words: dict[str, Words]

    def find(self, text: str) -> list[Hit]:
        """Terms of a normal form (`plain.normalise`) in text order; of two that overlap the longer one counts."""
        found = sorted(self._candidates(text), key=lambda hit: (hit.start - hit.end, hit.start))
        taken: list[Hit] = []
        for hit in found:
            if all(_apart(hit, other) for other in taken):
                taken.append(hit)
        return sorted(taken, key=lambda hit: hit.start)

    def _candidates(self, text: str) -> Iterator[Hit]:
        for language, words in self.words.items():
            for match in words.pattern.finditer(text):
                for term in words.meaning(match.group(0)):
                    yield Hit(match.start(), match.end(), language, term)
            for pattern, anchor, term in words.gapped:
                if anchor in text:
                    for match in pattern.finditer(text):
                        yield Hit(match.start(), match.end(), language, term)


def _apart(hit: Hit, other: Hit) -> bool:
    same = (hit.start, hit.end) == (other.start, other.end)  # one word may speak of two concepts
    return same or hit.end <= other.start or hit.start >= other.end


@cache
def load_lexicon(file: Path = FILE) -> Lexicon:
    """Read and compile a lexicon.

    Raises
    ------
    WhychurnError
        If a cause is unknown, a concept has no name in a language, or a word is no text with a weight.
    """
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    settings, negation = content.pop("settings"), content.pop("negation")
    if set(content) != set(CAUSES):
        raise WhychurnError(
            f"the causes of a lexicon are {', '.join(CAUSES)}; found {', '.join(map(str, content))}",
            file=file,
        )
    rows, terms = [], {language: defaultdict(list) for language in LANGUAGES}
    for cause, concepts in content.items():
        for concept, entry in concepts.items():
            rows.append((cause, concept, *(_name(entry, concept, language, file) for language in LANGUAGES)))
            for language in LANGUAGES:
                for topic in (False, True):
                    default = settings["topic"] if topic else 1.0
                    for word, weight in _weighted(entry.get(language + "_topic" * topic, []), default, file):
                        terms[language][word].append(Term(cause, concept, weight, topic))
    table = pd.DataFrame(rows, columns=["cause", "concept", *LANGUAGES])
    words = {language: _compile(language, terms[language]) for language in LANGUAGES}
    return Lexicon(settings, negation, table, words)


def _name(entry: dict[str, Any], concept: str, language: str, file: Path) -> str:
    name = entry.get("name", {}).get(language)
    if not name:
        raise WhychurnError(f"the concept {concept!r} has no name in {language!r}", file=file)
    return str(name)


def _weighted(words: list[Any], default: float, file: Path) -> Iterator[tuple[str, float]]:
    for word in words:
        text, weight = next(iter(word.items())) if isinstance(word, dict) else (word, default)
        if not isinstance(text, str) or not isinstance(weight, int | float) or weight <= 0:
            raise WhychurnError(
                f"{word!r} is not a word",
                file=file,
                remedy="quote words such as 'no'; write weights as word: 2",
            )
        yield text.lower().strip(), float(weight)


def _compile(language: str, terms: Mapping[str, list[Term]]) -> Words:
    plain = {word: meaning for word, meaning in terms.items() if GAP not in word}
    pattern = trie_pattern(plain)
    return Words(
        exact={word: meaning for word, meaning in plain.items() if not word.endswith("*")},
        endings={word[:-1]: meaning for word, meaning in plain.items() if word.endswith("*")},
        pattern=re.compile(rf"(?<!\w){pattern}(?!\w)" if language == "en" else pattern, re.ASCII),
        gapped=[
            (_gapped(language, word), word.split(GAP)[0].strip().removesuffix("*"), term)
            for word, meaning in terms.items()
            if GAP in word
            for term in meaning
        ],
    )


def _gapped(language: str, word: str) -> re.Pattern[str]:
    parts = [re.escape(part.strip()).replace(r"\*", r"\w*") for part in word.split(GAP)]
    pattern = _BETWEEN[language].join(parts)
    return re.compile(rf"(?<!\w){pattern}(?!\w)" if language == "en" else pattern, re.ASCII)
