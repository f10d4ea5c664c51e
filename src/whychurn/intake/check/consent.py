"""Who may be profiled: what is assumed of consent, and what must be decided."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from whychurn.contract.tables import TABLES
from whychurn.intake.check.quarantine import value_kinds
from whychurn.intake.read.dtypes import TEXT
from whychurn.intake.read.words.consent import Consent

CONSENT: Final = ("profiling_consent", "marketing_consent")
_ASKED_FROM: Final = 0.05  # a larger share of words that are not understood must be decided, as of bad rows
_SHOWN_FROM: Final = 3  # rows behind a word that is shown; rarer ones are shown by their shape
_SHOWN: Final = 8  # words listed
_LONGEST: Final = 40  # characters of a word that is shown; longer ones are no codes
_PROFILING_HEADER: Final = re.compile(
    r"(?i)consent|profil|gdpr|privacy|opt[ _-]?out|do[ _-]?not|\bdnc\b|同意|授权|画像|隐私|拒收|免打扰|勿扰|屏蔽"
)


_OF_A_CHANNEL: Final = re.compile(
    r"(?i)market|newsletter|sms|mail|push|call|phone|营销|推广|短信|邮件|电话|推送|订阅"
)


def consent_notices(consent: Consent, header: str) -> list[tuple[str, dict[str, Any]]]:
    """What to say of a consent column that was read; keys and values of notices."""
    notices: list[tuple[str, dict[str, Any]]] = []
    if consent.contrary:
        notices.append(("notice_consent_contrary", {"header": header}))
    if consent.dated:
        notices.append(("notice_consent_dates", {"header": header}))
    if consent.is_open.any():
        open_words = shown_words(consent.given[consent.is_open])
        notices.append(("notice_consent_open", {"n": int(consent.is_open.sum()), "words": open_words}))
    if consent.bad.any():
        asked = consent.bad.sum() > _ASKED_FROM * consent.given.notna().sum()
        words = consent.given[consent.bad]
        code = next(iter(_codes(words)), None) or "…"
        values = {"n": int(consent.bad.sum()), "words": shown_words(words), "word": code}
        notices.append(("decide_consent_words" if asked else "notice_consent_words", values))
    return notices


def settle_consent(
    members: pd.DataFrame, mapped: Mapping[str, str], missing_consent: str, table: str = "members"
) -> tuple[pd.Series, list[tuple[str, dict[str, Any]]]]:
    """Whether each member may be profiled, no gap left, and what to say of it.

    Parameters
    ----------
    members
        Members with ``profiling_consent``, null where nothing is recorded.
    mapped
        Contract column -> column of the source.
    missing_consent
        `privacy.missing_consent`.
    table
        Contract table whose rows they are.
    """
    notices: list[tuple[str, dict[str, Any]]] = []
    recorded = "profiling_consent" in mapped
    consent = members["profiling_consent"]
    gaps = int(consent.isna().sum())
    allowed = missing_consent == "allow" or (missing_consent == "auto" and not recorded)
    filled = consent.fillna(allowed)
    if not recorded and missing_consent == "auto" and len(members):
        further = [str(name) for name in members.columns if name not in TABLES[table].fields]
        alike = [
            name for name in further if _PROFILING_HEADER.search(name) and not _OF_A_CHANNEL.search(name)
        ]
        key = "decide_consent_column" if alike else "notice_consent_absent"
        notices.append((key, {"header": alike[0]} if alike else {}))
    elif gaps:
        notices.append((f"notice_consent_{'allowed' if allowed else 'denied'}", {"n": gaps}))
    if len(members) and not filled.any():
        notices.append(("decide_consent_none", {"n": len(members)}))
    return filled.astype("boolean"), [(key, {"table": table, **values}) for key, values in notices]


def shown_words(words: pd.Series) -> str:
    """Codes with their counts, the most frequent first; rare and long ones by their shape."""
    codes = _codes(words)
    counts = Counter(words.astype(str))
    parts = [f"{word} ({codes[word]:,})" for word in list(codes)[:_SHOWN]]
    others = [word for word in counts if word not in list(codes)[:_SHOWN]]
    if others:
        shape = value_kinds(pd.Series(others[:1], dtype=TEXT))[0]
        parts.append(f"{shape}{' …' if len(others) > 1 else ''} ({sum(counts[w] for w in others):,})")
    return ", ".join(parts)


def _codes(words: pd.Series) -> dict[str, int]:
    counts = Counter(words.astype(str)).most_common()
    return {word: n for word, n in counts if n >= _SHOWN_FROM and len(word) <= _LONGEST}
