"""Words that exports write where a term has no end."""

from typing import Final

import pandas as pd

_WORDS: Final = """
    running, active, ongoing, on-going, open, open-ended, openended, current, present, now, today, never, lifetime,
    unlimited, indefinite, permanent, perpetual, continuous, rolling, evergreen, auto, infinity, inf, ∞, until cancelled,
    until canceled, no end, no expiry, no end date, does not expire, till now,
    至今, 长期, 长期有效, 永久, 永久有效, 终身, 终身有效, 无期限, 无限期, 不限, 无固定期限, 进行中, 生效中, 有效, 使用中,
    未到期, 持续, 自动续费, 连续包月
"""
RUNNING: Final = frozenset(word.strip() for word in _WORDS.split(","))


def running_words(column: pd.Series) -> tuple[pd.Series, dict[str, int]]:
    """`column` with words for "no end" (until cancelled, 至今) made null, and how often each occurs."""
    if not pd.api.types.is_string_dtype(column.dtype):
        return column, {}
    distinct = column.dropna().unique()
    open_ended = [text for text in distinct if str(text).strip().strip(".。").casefold() in RUNNING]
    if not open_ended:
        return column, {}
    found = column.isin(open_ended)
    return column.mask(found), {str(k).strip(): int(n) for k, n in column[found].value_counts().items()}
