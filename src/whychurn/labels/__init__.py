"""Labels that results files carry, in English and Chinese: one YAML file a section (pages: `report.words`).

A key is ``section.name``; its text may hold ``{placeholders}``.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from whychurn.contract.errors import WhychurnError
from whychurn.contract.yaml_files import read_yaml

LANGUAGES: Final[tuple[str, ...]] = ("en", "zh")
_FOLDER = Path(__file__).parent
_MARKS: Final = {"、": ", ", "，": ", ", "；": "; "}  # Chinese, English


@cache
def section_words(section: str) -> dict[str, dict[str, str]]:
    """All words of one section: key -> language -> text."""
    path = _FOLDER / f"{section}.yaml"
    if not path.exists():
        raise WhychurnError(f"no words for section {section!r}", file=path)
    return read_yaml(path) or {}


def say(key: str, lang: str, **values: object) -> str:
    """Text of `key` (``section.name``) in `lang`, its placeholders filled.

    Raises
    ------
    WhychurnError
        If the key or language does not exist.
    """
    section, _, name = key.partition(".")
    texts = section_words(section).get(name)
    if texts is None or lang not in texts:
        raise WhychurnError(f"no words for {key!r} in {lang!r}", file=_FOLDER / f"{section}.yaml")
    return texts[lang].format(**values) if values else texts[lang]


def both(key: str, **values: object) -> dict[str, str]:
    """Text of `key` by language; a value that is a dict by language is filled in that language."""
    return {
        lang: say(key, lang, **{n: v[lang] if isinstance(v, dict) else v for n, v in values.items()})
        for lang in LANGUAGES
    }


def join(parts: Iterable[str], lang: str, mark: str = "、") -> str:
    """Names or sentences in one line, between them the Chinese `mark` or its English counterpart."""
    return (mark if lang == "zh" else _MARKS[mark]).join(parts)


def listed(names: Iterable[str], lang: str) -> str:
    """Names within a sentence: the last one after "and" in English."""
    parts = list(names)
    if lang == "zh" or len(parts) < 2:
        return join(parts, lang)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def prose(sentences: Iterable[str], lang: str) -> str:
    """Sentences one after the other; none that is empty."""
    return ("" if lang == "zh" else " ").join(filter(None, sentences))


def has_words(key: str) -> bool:
    """Whether `key` exists."""
    section, _, name = key.partition(".")
    return (_FOLDER / f"{section}.yaml").exists() and name in section_words(section)


def family_name(family: str, lang: str) -> str:
    """Readable name of a feature family."""
    for key in (f"panel.family_{family}", f"risk.family_{family}"):
        if has_words(key):
            return say(key, lang)
    return family.replace("_", " ")
