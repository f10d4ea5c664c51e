"""Words of a text: jieba for Chinese, a plain pattern for English; negation stays with what it negates."""

import logging
import re
from functools import cache
from typing import Any, Final

from whychurn.voice.text.normalise import DATA, PLACEHOLDER

_RUN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+|[a-z]+(?:['’][a-z]+)?|[.!?;,。！？；，]")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
# negator -> the form it takes before the word it negates
NEGATORS_ZH: Final = {
    **dict.fromkeys(
        ["不", "不会", "不想", "不要", "不肯", "不给", "不让", "别", "勿", "莫", "从不", "并不", "绝不"], "不"
    ),
    **dict.fromkeys(["没", "没有", "未", "从未", "没能", "从没", "并没有", "无", "毫无"], "没"),
    **dict.fromkeys(["不能", "无法", "不可以", "没法", "没办法", "不可"], "无法"),
}
NEGATORS_EN: Final = frozenset(
    ["not", "no", "never", "without", "cannot", "neither", "nor", "hardly", "nobody"]
)
_SKIPPED: Final = "很 太 再 怎么 那么 这么 什么 是 会 能 给 有 得 任何 一点 人 过 够 被 把 我 你 到 出"
_SKIP_ZH: Final = frozenset(_SKIPPED.split())
REACH: Final = 3  # stop words that may stand between a negator and its word


def tokenize(plain: str) -> list[str]:
    """Content words of a normal form (`normalise.normalise`), in order.

    ``不退款`` is one token other than ``退款``; ``not working`` becomes ``not_working``. Stop words, numbers
    and redaction placeholders are dropped; English words lose a plural s (Harman 1991, the S-stemmer).
    """
    words: list[str] = []
    for run in _RUN.findall(PLACEHOLDER.sub(" , ", plain)):
        words += _cutter().lcut(run) if _HAN.match(run) else _english(run)
    return _join_negation(words)


def _english(word: str) -> list[str]:
    plain = word.replace("’", "'")
    if plain.endswith("n't") or plain in (
        "cant",
        "dont",
        "doesnt",
        "didnt",
        "wont",
        "isnt",
        "wasnt",
        "couldnt",
    ):
        return ["not"]
    return [plain.split("'")[0]]


def _join_negation(words: list[str]) -> list[str]:
    stop, kept = stop_words(), []
    pending, reach = "", 0
    for word in words:
        if not word[0].isalpha():
            pending = ""
        elif word in NEGATORS_ZH:
            pending, reach = NEGATORS_ZH[word], REACH
        elif word in NEGATORS_EN:
            pending, reach = "not_", REACH
        elif word in stop or (pending and word in _SKIP_ZH) or (len(word) == 1 and not _HAN.match(word)):
            reach -= 1
            pending = pending if reach > 0 else ""
        else:
            kept.append(pending + _singular(word))
            pending = ""
    return kept


def _singular(word: str) -> str:
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    return word if word.endswith(("aes", "ees", "oes")) else word[:-1]


@cache
def stop_words() -> frozenset[str]:
    """Stop words of both languages; no negation among them."""
    texts = [(DATA / f"stopwords_{lang}.txt").read_text(encoding="utf-8") for lang in ("zh", "en")]
    return frozenset(" ".join(texts).split()) - NEGATORS_EN - set(NEGATORS_ZH)


@cache
def _cutter() -> Any:
    """A jieba tokenizer of its own: no user dictionaries of other code, and no cache file.

    jieba keeps its dictionary in the common temporary folder, where anybody may have put another one; to read it
    from the package takes a quarter of a second more.
    """
    import jieba

    jieba.setLogLevel(logging.WARNING)
    cutter = jieba.Tokenizer()
    cutter.FREQ, cutter.total = cutter.gen_pfdict(cutter.get_dict_file())
    cutter.initialized = True
    with (DATA / "jieba_words.txt").open("rb") as words:
        cutter.load_userdict(words)
    return cutter
