"""The same values in the ways in which companies write them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pandas as pd

from inputs.base_study import Tables
from inputs.variation import Expected, Variation, with_column

WIDE = str.maketrans("0123456789-/:.,", "０１２３４５６７８９－／：．，")
INSTANTS = [("orders", "ordered_at"), ("events", "occurred_at"), ("feedback", "created_at")]
DAYS = [("members", "joined_on"), ("memberships", "starts_on")]
CHINESE_MONTHS = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"]


def dated(pattern: str) -> Callable[[str], str]:
    """Writes a day or time in `pattern` (strftime)."""
    return lambda value: pd.Timestamp(value).strftime(pattern)


def _ordinal(value: str) -> str:
    day = pd.Timestamp(value)
    ending = {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10 if day.day not in (11, 12, 13) else 0, "th")
    return f"{day.day}{ending} {day:%B %Y}"


def _chinese_month(value: str) -> str:
    day = pd.Timestamp(value)
    return f"{day.year}年{CHINESE_MONTHS[day.month - 1]}月{day.day}日"


DATE_FORMS: dict[str, tuple[Expected, Callable[[str], str]]] = {
    "2024-03-05": ("same", dated("%Y-%m-%d")),
    "2024/3/5": ("same", lambda v: f"{pd.Timestamp(v).year}/{pd.Timestamp(v).month}/{pd.Timestamp(v).day}"),
    "2024.03.05": ("same", dated("%Y.%m.%d")),
    "20240305": ("same", dated("%Y%m%d")),
    "2024年3月5日": ("same", dated("%Y年%m月%d日")),
    "2024年三月5日": ("same", _chinese_month),
    "05/03/2024, day first": ("same", dated("%d/%m/%Y")),
    "03/05/2024, month first": ("same", dated("%m/%d/%Y")),
    "05.03.2024": ("same", dated("%d.%m.%Y")),
    "05-03-2024": ("same", dated("%d-%m-%Y")),
    "5 March 2024": ("same", dated("%d %B %Y")),
    "05-Mar-2024": ("same", dated("%d-%b-%Y")),
    "Mar 05, 2024": ("same", dated("%b %d, %Y")),
    "Tuesday, 5 March 2024": ("same", dated("%A, %d %B %Y")),
    "5th March 2024": ("same", _ordinal),
    "24-03-05, year first": ("same", dated("%y-%m-%d")),
    "05/03/24, day first": ("same", dated("%d/%m/%y")),
    "full-width digits": ("same", lambda v: dated("%Y-%m-%d")(v).translate(WIDE)),
    "spreadsheet serial": ("same", lambda v: str((pd.Timestamp(v).normalize() - pd.Timestamp("1899-12-30")).days)),
    "spaces around": ("same", lambda v: f"  {dated('%Y-%m-%d')(v)} "),
    "quoted by an apostrophe": ("same", lambda v: f"'{dated('%Y-%m-%d')(v)}"),
    'as a formula ="2024-03-05"': ("same", lambda v: f'="{dated("%Y-%m-%d")(v)}"'),
    "days up to 12, either order": ("readable", lambda v: pd.Timestamp(v).replace(day=pd.Timestamp(v).day % 12 + 1).strftime("%d/%m/%Y")),
    "only month and year": ("unknowable", dated("%B %Y")),
    "only the year": ("unknowable", dated("%Y")),
    "the day as a word": ("unknowable", lambda _: "yesterday"),
}  # fmt: skip
TIME_FORMS: dict[str, tuple[Expected, Callable[[str], str]]] = {
    "2024-03-05T14:05:00": ("same", dated("%Y-%m-%dT%H:%M:%S")),
    "2024/03/05 14:05:00": ("same", dated("%Y/%m/%d %H:%M:%S")),
    "05/03/2024 02:05:00 PM": ("same", dated("%d/%m/%Y %I:%M:%S %p")),
    "2024年03月05日 14时05分00秒": ("same", dated("%Y年%m月%d日 %H时%M分%S秒")),
    "20240305 140500": ("same", dated("%Y%m%d %H%M%S")),
    "seconds since 1970": ("readable", lambda v: str(int(pd.Timestamp(v).timestamp()))),
    "seconds since 1970 as 1.0": ("readable", lambda v: f"{pd.Timestamp(v).timestamp():.1f}"),
    "milliseconds since 1970": ("readable", lambda v: str(int(pd.Timestamp(v).timestamp() * 1000))),
    "with +08:00": ("readable", lambda v: f"{v}+08:00"),
    "with Z": ("readable", lambda v: f"{v}Z"),
    "with UTC": ("readable", lambda v: f"{v} UTC"),
    "two offsets": ("readable", lambda v: f"{v}+0{1 + int(v[5:7]) % 2}:00"),
}
NUMBER_FORMS: dict[str, tuple[Expected, Callable[[str], str]]] = {
    "1,234.50": ("same", lambda v: f"{float(v):,.2f}"),
    "1.234,50": ("same", lambda v: f"{float(v):,.2f}".translate(str.maketrans(",.", ".,"))),
    "1234,50": ("same", lambda v: v.replace(".", ",")),
    "1 234.50": ("same", lambda v: f"{float(v):,.2f}".replace(",", " ")),
    "1\u00a0234,50": ("same", lambda v: f"{float(v):,.2f}".translate(str.maketrans(",.", "\u00a0,"))),
    "1'234.50": ("same", lambda v: f"{float(v):,.2f}".replace(",", "'")),
    "1\u202f234,50": ("same", lambda v: f"{float(v):,.2f}".translate(str.maketrans(",.", "\u202f,"))),
    "full-width": ("same", lambda v: v.translate(WIDE)),
    "¥": ("same", lambda v: f"¥{float(v):,.2f}"),
    "元": ("same", lambda v: f"{v}元"),
    "人民币": ("same", lambda v: f"人民币 {v}"),
    "HK$": ("same", lambda v: f"HK${float(v):,.2f}"),
    "港币": ("same", lambda v: f"港币{v}"),
    "NT$": ("same", lambda v: f"NT${v}"),
    "R$": ("same", lambda v: f"R$ {v.replace('.', ',')}"),
    "kr": ("same", lambda v: f"{v.replace('.', ',')} kr"),
    "zł": ("same", lambda v: f"{v.replace('.', ',')} zł"),
    "CHF": ("same", lambda v: f"CHF {float(v):,.2f}".replace(",", "'")),
    "₹": ("same", lambda v: f"₹ {v}"),
    "USD after": ("same", lambda v: f"{v} USD"),
    "€ after": ("same", lambda v: f"{v.replace('.', ',')} €"),
    "plus sign": ("same", lambda v: f"+{v}"),
    "as a formula": ("same", lambda v: f'="{v}"'),
    "three digits after the dot": ("readable", lambda v: f"{int(float(v)) // 1000 % 90 + 1}.{int(float(v)) % 1000:03d}"),
    "three digits after the comma": ("readable", lambda v: f"{int(float(v)) // 1000 % 90 + 1},{int(float(v)) % 1000:03d}"),
    "two currencies": ("readable", lambda v: f"€{v}" if int(float(v)) % 2 else f"${v}"),
    "in words": ("unknowable", lambda _: "a lot"),
    "hidden by ####": ("unknowable", lambda _: "########"),
    "#VALUE!": ("unknowable", lambda _: "#VALUE!"),
}  # fmt: skip
ID_FORMS: dict[str, tuple[Expected, Callable[[str], str]]] = {
    "spaces around": ("same", lambda v: f" {v}  "),
    "apostrophe before": ("same", lambda v: f"'{v}"),
    'as a formula ="…"': ("same", lambda v: f'="{v}"'),
    "full-width": ("same", lambda v: v.translate(WIDE)),
    "zero-width space within": ("same", lambda v: f"{v[:2]}\u200b{v[2:]}"),
    "leading zeros lost": ("unknowable", lambda v: v.lstrip("0")),
    "leading zeros lost, .0": ("unknowable", lambda v: v.lstrip("0") + ".0"),
    "scientific notation": ("unknowable", lambda v: f"{float('4550' + v[:5] + '00000'):.4E}"),
    "thousands separated": ("unknowable", lambda v: f"{int(v):,}"),
}
YES_NO = {
    "是/否": ("是", "否"), "Yes/No": ("Yes", "No"), "Y/N": ("Y", "N"), "1/0": ("1", "0"), "1.0/0.0": ("1.0", "0.0"),
    "T/F": ("T", "F"), "TRUE/FALSE": ("TRUE", "FALSE"), "有/无": ("有", "无"), "√/×": ("√", "×"),
}  # fmt: skip
CONSENT = YES_NO | {
    "同意/不同意": ("同意", "不同意"), "已授权/未授权": ("已授权", "未授权"), "opted in/opted out": ("opted in", "opted out"),
    "granted/denied": ("granted", "denied"), "accepted/rejected": ("accepted", "rejected"), "subscribed/unsubscribed":
    ("subscribed", "unsubscribed"), "允许/拒绝": ("允许", "拒绝"), "OPT-IN/OPT-OUT": ("OPT-IN", "OPT-OUT"),
    "given/withdrawn": ("given", "withdrawn"), "接受/退订": ("接受", "退订"), "agree/disagree": ("agree", "disagree"),
}  # fmt: skip


def value_variations() -> Iterator[Variation]:
    """Dates, times, numbers, ids, flags and consent in many forms, column by column."""
    yield from _forms("dates", DATE_FORMS, DAYS)
    yield from _forms("dates in columns of times", DATE_FORMS, INSTANTS, days_only=True)
    yield from _forms("times", TIME_FORMS, INSTANTS)
    yield from _forms("numbers", NUMBER_FORMS, [("orders", "amount"), ("memberships", "price_paid")])
    for table in ("members", "orders", "memberships", "events", "feedback", "surveys"):
        yield from _forms("ids in one table", ID_FORMS, [(table, "member_id")])
    for name in (
        "spaces around",
        "apostrophe before",
        'as a formula ="…"',
        "full-width",
        "scientific notation",
    ):
        expected, write = ID_FORMS[name]
        yield Variation("ids in all tables", name, expected, partial(_all_ids, write=write))
    for name, words in YES_NO.items():
        yield Variation("flags", f"orders.returned {name}", "same", _words("orders", "returned", words))
    for name, words in CONSENT.items():
        change = _words("members", "profiling_consent", words)
        yield Variation("consent", name, "same", change)
    for name, words in {
        "甲/乙": ("甲", "乙"),
        "A/B": ("A", "B"),
        "2/1": ("2", "1"),
        "yes/later": ("yes", "later"),
    }.items():
        change = _words("members", "profiling_consent", words)
        yield Variation("consent", f"{name}, not to be understood", "unknowable", change)
        yield Variation("flags", f"orders.returned {name}", "unknowable", _words("orders", "returned", words))


def _forms(
    kind: str,
    forms: dict[str, tuple[Expected, Callable[[str], str]]],
    columns: list[tuple[str, str]],
    days_only: bool = False,
) -> Iterator[Variation]:
    for table, column in columns:
        midnight = with_column(table, column, lambda v: f"{v[:10]} 00:00:00") if days_only else None
        for name, (expected, write) in forms.items():
            change = with_column(table, column, write)
            yield Variation(kind, f"{table}.{column} {name}", expected, change, reference=midnight)


def _words(table: str, column: str, words: tuple[str, str]) -> Callable[[Tables], Tables]:
    return with_column(table, column, lambda v: words[0] if v == "true" else words[1])


def _all_ids(tables: Tables, write: Callable[[str], str]) -> Tables:
    for table in tables:
        tables = with_column(table, "member_id", write)(tables)
    return tables
