"""The encoding of a file, decided by evidence: marks, zero bytes, valid UTF-8, then how usual the characters are."""

import codecs
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from whychurn.contract.errors import WhychurnError
from whychurn.intake.read.files.character_sets import rank_encodings

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the mark of UTF-16, so it is asked first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES: Final = {"cp932": "shift_jis", "cp949": "euc_kr"}  # as people call them
_SAMPLE: Final = 60_000  # bytes of lines with characters beyond ASCII that are looked at
_OFTEN: Final = 0.2  # share of lines that hold a word which is shown: a city or a category, hardly a name
_WORD: Final = re.compile(r"[^\W\d_]+")
_BEYOND: Final = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True)
class Decoded:
    """A file's text.

    Parameters
    ----------
    text
        As UTF-8.
    encoding
        Name of the encoding that it was read with.
    damaged
        Characters that the encoding could not read.
    evidence
        "mark", "valid" (it reads as UTF-8), "given" (by the user) or "guess".
    example
        A word as it was read; empty where all is ASCII.
    other
        Another encoding that is nearly as believable, with its word; empty where there is none.
    """

    text: bytes
    encoding: str
    damaged: int = 0
    evidence: str = "valid"
    example: str = ""
    other: tuple[str, str] | tuple[()] = ()


def decode(content: bytes, given: str | None = None) -> Decoded:
    """Text of `content`.

    A byte-order mark decides; then UTF-8 (one damaged character in a hundred is let pass) and UTF-16 by its zero
    bytes. What is left is read in the East Asian or single-byte encoding in which most characters are usual ones.

    Parameters
    ----------
    given
        Name of the encoding, where the user states it.

    Raises
    ------
    WhychurnError
        If the encoding given is unknown.
    """
    if given:
        return _as_given(content, given)
    for mark, name in _BOMS:
        if content.startswith(mark):
            text = content.decode("utf-8-sig" if name == "utf-8" else name, "replace")
            return Decoded(text.encode("utf-8", "replace"), name, text.count("\ufffd"), "mark")
    zeros = content[:4096].count(0)
    if zeros > len(content[:4096]) // 8:
        name = "utf-16-le" if content[1:4096:2].count(0) > content[0:4096:2].count(0) else "utf-16-be"
        return Decoded(content.decode(name, "replace").encode("utf-8", "replace"), "utf-16")
    try:
        if not content.isascii():
            content.decode("utf-8")
        return Decoded(content, "utf-8")
    except UnicodeDecodeError:
        return _decode_legacy(content)


def example_word(text: str) -> str:
    """A word beyond ASCII that names nobody: of the first line, else one that stands in many lines, else none."""
    head, _, rest = text.partition("\n")
    often = max(5, _OFTEN * len(rest.splitlines()))
    for part, least in ((head, 1), (rest, often)):
        words = Counter(word for word in _WORD.findall(part) if _BEYOND.search(word))
        if words and words.most_common(1)[0][1] >= least:
            return words.most_common(1)[0][0][:20]
    return ""


def _as_given(content: bytes, given: str) -> Decoded:
    try:
        name = codecs.lookup(given).name
        text = content.decode("utf-8-sig" if name == "utf-8" else name, "replace")
    except (LookupError, UnicodeError):
        raise WhychurnError(
            f"intake.encoding names {given!r}, which is no encoding",
            remedy="write such as utf-8, gb18030, big5, shift_jis, euc_kr, cp1252 or cp1251",
        ) from None
    return Decoded(text.encode("utf-8", "replace"), name, text.count("\ufffd"), "given")


def _decode_legacy(content: bytes) -> Decoded:
    lenient = content.decode("utf-8", "replace")
    damaged = lenient.count("\ufffd")
    readable = len(re.findall(r"[^\x00-\x7f\ufffd]", lenient))
    if damaged * 100 <= readable:
        return Decoded(lenient.encode(), "utf-8", damaged)
    sample = _sample(content)
    ranked = rank_encodings(sample)
    (_, name), *others = ranked
    text = content.decode(name, "replace")
    rivals = [(other, example_word(sample.decode(other, "replace"))) for _, other in others[:1]]
    return Decoded(
        text.encode(),
        _NAMES.get(name, name),
        text.count("\ufffd"),
        "guess",
        example_word(sample.decode(name, "replace")),
        next(((_NAMES.get(other, other), word) for other, word in rivals), ()),
    )


def _sample(content: bytes) -> bytes:
    head, *lines = content.splitlines()  # no encoding that is left has a line break inside a character
    kept, size = [head], 0
    for line in lines:
        if not line.isascii():
            kept.append(line)
            size += len(line)
            if size > _SAMPLE:
                break
    return b"\n".join(kept)
