"""The cause lexicon: words by which members name a cause in English and Chinese, and their search."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError
from whychurn.contract.yaml_files import read_yaml
from whychurn.voice.text.phrase_matcher import Phrases, compile_phrases, weighted

FILE: Final = Path(__file__).with_name("lexicon.yaml")
LANGUAGES: Final = ("en", "zh")


@dataclass(frozen=True)
class Term:
    """Concept of a word, its weight, and whether it only names the subject."""

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


@dataclass(frozen=True, eq=False)  # one is itself: what it finds in a text is kept by it
class Lexicon:
    """Contents of the file; ``concepts`` has cause, concept, en, zh, one row a sub-cause."""

    settings: dict[str, float]
    negation: dict[str, dict[str, Any]]
    keywords: dict[str, list[str]]
    concepts: pd.DataFrame
    words: dict[str, Phrases[list[Term]]]

    def find(self, text: str) -> list[Hit]:
        """Terms of a normal form (`normalise`) in text order; of two that overlap the longer one counts."""
        hits = [
            Hit(start, end, language, term)
            for language, words in self.words.items()
            for start, end, terms in words.find(text)
            for term in terms
        ]
        taken: list[Hit] = []
        for hit in sorted(hits, key=lambda hit: (hit.start - hit.end, hit.start)):
            if all(_apart(hit, other) for other in taken):
                taken.append(hit)
        return sorted(taken, key=lambda hit: hit.start)


def _apart(hit: Hit, other: Hit) -> bool:
    same = (hit.start, hit.end) == (other.start, other.end)  # one word may name two concepts
    return same or hit.end <= other.start or hit.start >= other.end


@cache
def load_lexicon(file: Path = FILE) -> Lexicon:
    """Read and compile a lexicon.

    Raises
    ------
    WhychurnError
        If a cause is unknown or missing, a concept has no name in a language, or a word is no text with a weight.
    """
    content = read_yaml(file) or {}
    settings, negation, keywords = (content.pop(key, None) for key in ("settings", "negation", "keywords"))
    if not (settings and negation and keywords) or set(content) != set(CAUSES):
        raise WhychurnError(
            f"a lexicon has settings, negation, keywords and the causes {', '.join(CAUSES)}; "
            f"the causes found: {', '.join(map(str, content)) or 'none'}",
            file=file,
        )
    terms: dict[str, dict[str, list[Term]]] = {language: {} for language in LANGUAGES}
    rows = []
    for cause, concepts in content.items():
        for concept, entry in concepts.items():
            rows.append((cause, concept, *(_name(entry, concept, language, file) for language in LANGUAGES)))
            for language in LANGUAGES:
                for topic, default in ((False, 1.0), (True, settings["topic"])):
                    entries = entry.get(f"{language}_topic" if topic else language) or []
                    for word, weight in weighted(entries, default, file):
                        terms[language].setdefault(word, []).append(Term(cause, concept, weight, topic))
    table = pd.DataFrame(rows, columns=["cause", "concept", *LANGUAGES])
    words = {language: compile_phrases(language, terms[language]) for language in LANGUAGES}
    return Lexicon(settings, negation, keywords, table, words)


def _name(entry: dict[str, Any], concept: str, language: str, file: Path) -> str:
    name = entry.get("name", {}).get(language)
    if not name:
        raise WhychurnError(f"the concept {concept!r} has no name in {language!r}", file=file)
    return str(name)
