"""Texts of the pages in English and Chinese, a YAML file a section; `labels` holds those of results files."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from whychurn import labels
from whychurn.contract.errors import WhychurnError
from whychurn.contract.yaml_files import read_yaml
from whychurn.labels import LANGUAGES as LANGUAGES

_HERE = Path(__file__).parent


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
    """Text of `key` (``section.name``) in `lang`, its placeholders filled."""
    section, _, name = key.partition(".")
    texts = section_words(section).get(name)
    if texts is None or lang not in texts:
        raise WhychurnError(f"no words for {key!r} in {lang!r}", file=_HERE / f"{section}.yaml")
    return texts[lang].format(**values) if values else texts[lang]


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
