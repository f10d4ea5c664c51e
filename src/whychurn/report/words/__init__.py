"""Texts of the pages in English and Chinese, a YAML file a section; `labels` holds those of results files."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from string import Formatter

from whychurn import labels
from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.errors import WhychurnError
from whychurn.contract.yaml_files import read_yaml
from whychurn.labels import LANGUAGES as LANGUAGES

_HERE = Path(__file__).parent
_STARTS = re.compile(r"(^|[.?!:|] ?|[“(])\**$")  # before a name that begins a sentence or is quoted


@cache
def section_words(section: str) -> dict[str, dict[str, str]]:
    """All words of one section: key -> language -> text."""
    own, shared = _HERE / f"{section}.yaml", Path(labels.__file__).with_name(f"{section}.yaml")
    if not own.exists() and not shared.exists():
        raise WhychurnError(f"no words for section {section!r}", file=own)
    return {
        **(labels.section_words(section) if shared.exists() else {}),
        **((read_yaml(own) or {}) if own.exists() else {}),
    }


def say(key: str, lang: str, **values: object) -> str:
    """Text of `key` (``section.name``) in `lang`, its placeholders filled.

    Names of causes and actions (`_names`) have no capital within an English sentence.
    """
    section, _, name = key.partition(".")
    texts = section_words(section).get(name)
    if texts is None or lang not in texts:
        raise WhychurnError(f"no words for {key!r} in {lang!r}", file=_HERE / f"{section}.yaml")
    if not values:
        return texts[lang]
    if lang == "en":
        values = {
            name: within(value, begins=name not in _inner(texts[lang])) if isinstance(value, str) else value
            for name, value in values.items()
        }
    return texts[lang].format(**values)


def within(text: str, *, begins: bool = False) -> str:
    """English words as they stand within a sentence, or as it `begins`: names of causes and actions lose their capital."""

    def lowered(name: re.Match[str]) -> str:
        kept = begins and name.start() == 0
        return name.group() if kept else name.group()[0].lower() + name.group()[1:]

    return _names().sub(lowered, text)


@cache
def _inner(text: str) -> frozenset[str]:
    """Placeholders of a text that do not begin a sentence."""
    before, found = "", set()
    for literal, name, *_ in Formatter().parse(text):
        before += literal
        if name and not _STARTS.search(before):
            found.add(name)
        before += "…" if name else ""
    return frozenset(found)


@cache
def _names() -> re.Pattern[str]:
    """English names of causes and actions, where they begin a text or follow in a list."""
    known = [texts["en"] for key, texts in section_words("playbook").items() if key.startswith("name_")]
    known += [section_words("causes")[cause]["en"] for cause in (*CAUSES, UNKNOWN)]
    longest = sorted((re.escape(name) for name in known if name[1:2].islower()), key=len, reverse=True)
    return re.compile(rf"(?:^|(?<=, )|(?<= and ))(?:{'|'.join(longest)})(?![\w-])")


def say_or(key: str, lang: str, default: str) -> str:
    """Text of `key` in `lang`, or `default` where there is none."""
    return say(key, lang) if has_words(key) else default


def has_words(key: str) -> bool:
    """Whether `key` exists."""
    section, _, name = key.partition(".")
    try:
        return name in section_words(section)
    except WhychurnError:
        return False
