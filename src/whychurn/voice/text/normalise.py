"""The normal form of a text: no markup, no damage, one width, simplified characters, lower case."""

import html
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

DATA: Final = Path(__file__).parent / "data"
# what redaction leaves
PLACEHOLDER: Final = re.compile(r"\[(?:EMAIL|PHONE|IDNO|CARD|ACCOUNT|ADDR|NAME|ORDER|LINK|NUM)\]")
_HIDDEN: Final = re.compile(r"(?is)<(script|style)\b.*?(?:</\1\s*>|$)|<!--.*?(?:-->|$)")
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]{0,2000}>|<!DOCTYPE[^<>]*>")
_LINK: Final = re.compile(r"(?i)\b(?:https?://|www\.)[^\s\u4e00-\u9fff]+|(?<!\w)@\w+")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\ufeff]")
_NEITHER: Final = re.compile(r"(?:[^\w\u2600-\u27bf\U0001f300-\U0001faff]|_)+")  # letter nor emoji
_SPACE: Final = re.compile(r"\s+")
_LONG_RUN: Final = re.compile(r"(.)\1{3,}")
# UTF-8 read as Windows-1252, GBK read as Latin-1, and text that was lost for good
_UTF8_AS_WESTERN: Final = re.compile(
    r"[ÃÂ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€|[äåæçèé][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{2}"
)
_GBK_AS_WESTERN: Final = re.compile(r"(?:[\u00a1-\u00f7][\u00a1-\u00fe]){3,}")
_LOST: Final = re.compile(r"\ufffd|锟斤拷|锟|烫烫烫|[\ue000-\uf8ff]")
MOST_LOST: Final = 0.2  # share of lost letters above which a text is unreadable


def normalise(text: str, max_characters: int) -> str:
    """Normal form of one redacted text.

    Markup and links go, damaged encodings are repaired where possible, widths are folded (NFKC), traditional
    characters become simplified ones, case and long runs of one letter are levelled.

    Parameters
    ----------
    max_characters
        Longer texts are cut here.
    """
    short = _repair(text[: 2 * max_characters])
    if "<" in short or "&" in short:
        short = html.unescape(_TAG.sub(" ", _HIDDEN.sub(" ", html.unescape(short))))
    short = unicodedata.normalize("NFKC", _CONTROL.sub(" ", _LINK.sub(" ", short)))
    short = _LONG_RUN.sub(r"\1\1\1", short.translate(_simplified()))
    kept = PLACEHOLDER.sub(lambda match: match.group(0).upper(), short)
    return _SPACE.sub(" ", _lower_outside_placeholders(kept)).strip()[:max_characters]


def text_key(plain: str) -> str:
    """Key under which texts count as the same: letters and emoji; numbers all 0, placeholders dropped.

    A smile and a scowl do not say the same; a text without either (dots) is its own key.
    """
    bare = re.sub(r"\d+", "0", PLACEHOLDER.sub("", plain))
    return _NEITHER.sub(" ", bare).strip() or bare.strip()


def is_unreadable(text: str) -> bool:
    """Whether too much of a text was lost in some earlier conversion (``锟斤拷``, ``\ufffd``)."""
    lost = sum(len(match) for match in _LOST.findall(text))
    return lost > MOST_LOST * max(1, len(text.replace(" ", "")))


def _lower_outside_placeholders(text: str) -> str:
    if "[" not in text:
        return text.lower()
    parts = re.split(f"({PLACEHOLDER.pattern})", text)
    return "".join(part if PLACEHOLDER.fullmatch(part) else part.lower() for part in parts)


def _repair(text: str) -> str:
    if _UTF8_AS_WESTERN.search(text):
        for encoding in ("cp1252", "latin-1"):
            repaired = _recode(text, encoding, "utf-8")
            if repaired is not None:
                return repaired
    if _GBK_AS_WESTERN.search(text):
        repaired = _recode(text, "latin-1", "gb18030")
        if repaired is not None and re.search(r"[\u4e00-\u9fff]{2}", repaired):
            return repaired
    return text


def _recode(text: str, wrong: str, right: str) -> str | None:
    try:
        return text.encode(wrong).decode(right)
    except UnicodeError:
        return None


@cache
def _simplified() -> dict[int, str]:
    lines = [
        line
        for line in (DATA / "traditional.txt").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    return str.maketrans("".join(lines[0::2]), "".join(lines[1::2]))  # type: ignore[return-value]
