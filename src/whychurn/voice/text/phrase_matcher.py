"""Looking up thousands of words and phrases in a text at once."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from whychurn.contract.errors import WhychurnError

M = TypeVar("M")  # what a phrase means
GAP: Final = "…"
_BETWEEN: Final = {"en": r"(?:[^\w.!?;]+[\w']+){0,4}?[^\w.!?;]+", "zh": r"[^。!?;,.，！？；]{0,8}?"}
_END: Final = ""  # key of a trie's node at which a phrase ends


@dataclass(frozen=True)
class Phrases(Generic[M]):
    """Phrases of one language and what they mean.

    Parameters
    ----------
    exact, endings
        Phrase -> meaning; the second hold for any ending.
    pattern
        Finds the longest of them at each position.
    gapped
        Patterns of phrases with a gap, each with a piece of text that must occur.
    """

    exact: Mapping[str, M]
    endings: Mapping[str, M]
    pattern: re.Pattern[str]
    gapped: list[tuple[re.Pattern[str], str, M]]

    def find(self, text: str) -> Iterator[tuple[int, int, M]]:
        """Start, end and meaning of the phrases in a normal form; those with a gap may overlap others."""
        for match in self.pattern.finditer(text):
            yield match.start(), match.end(), self._meaning(match.group(0))
        for pattern, anchor, meaning in self.gapped:
            if anchor in text:
                for match in pattern.finditer(text):
                    yield match.start(), match.end(), meaning

    def _meaning(self, word: str) -> M:
        if word in self.exact:
            return self.exact[word]
        return next(self.endings[word[:end]] for end in range(len(word), 0, -1) if word[:end] in self.endings)


def compile_phrases(language: str, meanings: Mapping[str, M]) -> Phrases[M]:
    """Compile English phrases (whole words, ``*`` any ending) or Chinese ones; ``…`` is a short gap."""
    plain = {phrase: meaning for phrase, meaning in meanings.items() if GAP not in phrase}
    return Phrases(
        exact={phrase: meaning for phrase, meaning in plain.items() if not phrase.endswith("*")},
        endings={phrase[:-1]: meaning for phrase, meaning in plain.items() if phrase.endswith("*")},
        pattern=_whole(language, _trie_pattern(plain)),
        gapped=[
            (_gapped(language, phrase), phrase.split(GAP)[0].strip().removesuffix("*"), meaning)
            for phrase, meaning in meanings.items()
            if GAP in phrase
        ],
    )


def weighted(entries: Iterable[Any], default: float, file: Path) -> Iterator[tuple[str, float]]:
    """Phrases and weights of a YAML list such as ``[late, refund*: 2]``.

    Raises
    ------
    WhychurnError
        If an entry is neither a text nor a text with a number.
    """
    for entry in entries:
        phrase, weight = next(iter(entry.items())) if isinstance(entry, dict) and entry else (entry, default)
        if not isinstance(phrase, str) or isinstance(weight, bool) or not isinstance(weight, int | float):
            raise WhychurnError(
                f"{entry!r} is no word with a weight",
                file=file,
                remedy="quote words such as 'no'; write weights as word: 2",
            )
        yield phrase.lower().strip(), float(weight)


def _whole(language: str, pattern: str) -> re.Pattern[str]:
    edges = (r"(?<![a-z0-9])", r"(?![a-z0-9])") if language == "en" else ("", "")
    return re.compile(f"{edges[0]}{pattern}{edges[1]}", re.ASCII)


def _gapped(language: str, phrase: str) -> re.Pattern[str]:
    parts = [re.escape(part.strip()).replace(r"\*", r"\w*") for part in phrase.split(GAP)]
    return _whole(language, _BETWEEN[language].join(parts))


def _trie_pattern(phrases: Iterable[str]) -> str:
    """One regular expression by way of a trie, so that its cost hardly grows with the number of phrases."""
    root: dict[str, Any] = {}
    for phrase in phrases:
        node = root
        for letter in phrase.removesuffix("*"):
            node = node.setdefault(letter, {})
        node[_END] = node.get(_END, False) or phrase.endswith("*")
    return _branch(root)


def _branch(node: dict[str, Any]) -> str:
    ends = node.get(_END)
    further = [re.escape(letter) + _branch(child) for letter, child in sorted(node.items()) if letter]
    if ends:
        further.append(r"\w*")  # after longer phrases, so that these are tried first
    if not further:
        return ""
    inner = further[0] if len(further) == 1 else "|".join(further)
    return f"(?:{inner})" + ("?" if ends is False else "")
