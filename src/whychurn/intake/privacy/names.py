"""Patterns of persons' names: behind words that introduce them, before titles, and by a documented list.

No model: a tagger of parts of speech takes some milliseconds a text, which is hours for a million of them.
The list is ``names.yaml``; how much it finds is measured (data/README.md).
"""

from functools import cache
from pathlib import Path
from typing import Any, Final

from whychurn.contract.yaml_files import read_yaml

_HAN: Final = r"[\u4e00-\u9fff]"
_END: Final = r"(?=[\s，。！？、；：,.!?;:)）”\"』」…]|的|在|要|想|来|说|，|今天|昨天|也|都|还|让|帮|给我|态度|没|告诉|$)"
_INTRODUCED_ZH: Final = r"(?:我叫|我名叫|本人叫|我的名字[叫是]|姓名|真名|署名|落款)\s?[:：是为]?\s?"
_ROLE_ZH: Final = r"(?:收件人|收货人|联系人|签收人|寄件人|经手人|持卡人|投诉人|会员|用户|客户|顾客|客服|店员|销售|导购|前台|顾问|员工|同事|朋友|老公|老婆|儿子|女儿|服务员|快递员|配送员|教练|店长|经理)"
_TITLE_EN: Final = r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sir|Madam|Herr|Frau)\.? "
_NAME_EN: Final = r"(?:[A-Z]\. ?){0,2}[A-Z][a-z\u00e0-\u024f'’-]{1,20}(?: (?:[A-Z]\.|van|von|de|der|la|al|bin) ?)?(?: [A-Z][a-z\u00e0-\u024f'’-]{1,20}){0,2}"
_INTRODUCED_EN: Final = (
    r"(?:\b(?i:my (?:full )?name(?: is|['’]s)|name ?: ?|named |(?:someone|person|agent|man|woman|lady|guy|rep|employee|trainer|i am) called |signed(?: by)?[: ]|(?:spoke|speaking|spoken|talked|chatted|dealt) (?:to|with) "
    r"|(?:helped|served|assisted|trained|treated) by |account holder |in the name of |\b(?:son|daughter|wife|husband|friend|colleague|partner|coach|trainer|doctor|therapist),? (?=[A-Z][a-z]+ [A-Z][a-z])|attn\.?:? ?))\s{0,2}"
)
_GREETING_EN: Final = r"(?:(?i:(?:kind |best |warm |many )?regards|sincerely|yours (?:truly|faithfully|sincerely)|cheers|best(?: wishes)?|(?:many )?thanks|thank you|thx))"
_THIS_IS: Final = r"\b(?:[Tt]his is|I am|I['’]m) "


@cache
def name_rules() -> tuple[tuple[str, str, str], ...]:
    """Rules of names, as in `contact_details`; built from the list once."""
    words = _words()
    some = "".join(sorted(words["surnames"]))
    every = "".join(sorted(words["surnames"] + words["ambiguous_surnames"]))
    compound = "|".join(words["compound_surnames"])
    surname, any_surname = rf"(?:{compound}|[{some}])", rf"(?:{compound}|[{every}])"
    titles = "|".join(words["titles_zh"])
    given, no_zh = f"[{words['given']}]", rf"(?!{'|'.join(words['not_names_zh'])})"
    first = "|".join(sorted(words["given_latin"], key=len, reverse=True))
    no_last, no_en = (
        rf"(?!(?:{'|'.join(words['not_surnames_latin'])})\b)",
        rf"(?!(?:{'|'.join(words['not_names_latin'])})\b)",
    )
    return (
        ("NAME", "叫名署落", rf"{_INTRODUCED_ZH}(?P<keep>){no_zh}(?:{any_surname}{_HAN}{{1,2}}?{_END}|{any_surname}{_HAN}{{1,2}})"),
        ("NAME", "人员户客店销导台问叫练长理事友公婆子儿服", rf"{_ROLE_ZH}(?:(?:叫|名叫|是|[:：])\s?(?P<keep>){no_zh}{any_surname}{_HAN}{{1,2}}?{_END}|(?P<near>){no_zh}(?:[小老阿]{any_surname}{_END}|{surname}{given}{{1,2}}{_END}))"),
        ("NAME", "是", rf"我是(?P<keep>){no_zh}{surname}{given}{{1,2}}{_END}"),
        ("NAME", some + compound, rf"(?<![老小这那]){no_zh}{surname}(?:{_HAN}{{1,2}})??(?=先生|女士|小姐|同志)"),
        ("NAME", some + compound, rf"(?<![老小这那]){no_zh}{surname}(?:{given}{{1,2}})??(?={titles})"),
        ("NAME", every, rf"(?<!{_HAN})[{every}](?=先生|女士|小姐|太太)"),
        ("NAME", "小老", rf"(?<!{_HAN})[小老]{surname}(?={titles}|说|帮|让|给|态度)"),
        ("NAME", some, rf"{no_zh}(?:{surname}{given}{{2}}|(?<!{_HAN}){surname}{given}(?!{_HAN})|(?:[找叫问让给跟]){{0}}{surname}{given}(?=态度|说|帮|告诉|服务|没有|给我))"),
        ("NAME", "rRsSxX", rf"{_TITLE_EN}(?P<keep>){no_en}{_NAME_EN}"),
        ("NAME", "aemlikdrsoy", rf"{_INTRODUCED_EN}(?P<keep>){no_en}{_NAME_EN}"),
        ("NAME", "sSyx", rf"{_GREETING_EN}(?:(?:,\s?|\s?[\r\n]\s?)[-–—]? ?(?P<keep>){no_en}{_NAME_EN}|,? (?P<near>)(?:{first})\b)(?=[ .!]{{0,3}}$)"),
        ("NAME", "sm", rf"{_THIS_IS}(?P<keep>)(?:{first})\b(?: {no_last}[A-Z][a-z'’-]+)?"),
        ("NAME", "aeiou", rf"\b(?:{first}) (?:[A-Z]\. )?{no_last}[A-Z][a-z\u00e0-\u024f'’-]{{2,20}}\b"),
    )  # fmt: skip


@cache
def whole_name() -> str:
    """RE2: a cell that is nothing but a name of a person."""
    words = _words()
    compound = "|".join(words["compound_surnames"])
    first = "|".join(words["given_latin"])
    surname, given = f"(?:{compound}|[{words['surnames']}])", f"[{words['given']}]"
    return (
        rf"^(?:{surname}(?:{given}\p{{Han}}?|\p{{Han}}{given})|[小老阿][{words['surnames']}]|{surname}(?:先生|女士|小姐|经理|老师|店长)"
        rf"|(?:{first})(?: \p{{Lu}}\.)? \p{{Lu}}[\p{{L}}'’-]{{1,20}}|(?:Mr|Mrs|Ms|Miss|Dr)\.? \p{{Lu}}[\p{{L}}'’-]{{1,20}})$"
    )


@cache
def candidate() -> str:
    """RE2: a text without any of these holds no name that the rules find."""
    words = _words()
    every = "".join(sorted(words["surnames"] + words["ambiguous_surnames"])) + "欧司上诸东皇尉公令慕夏"
    titles = "|".join(words["titles_zh"])
    first = "|".join(words["given_latin"])
    return (
        r"(?s)"
        rf"(?:我|名|人)叫|名字[叫是]|姓名|真名|署名|落款|[人员户客店销导台问练长理事友公婆子儿](?:名?叫|是|[:：]|[小老阿{every}])|[{every}].{{0,2}}(?:{titles}|同志)|[{every}][{words['given']}]"
        rf"|[小老][{every}]|\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sir|Madam|Herr|Frau)\b|(?i:name|called |\bsigned|(?:to|with|by|holder|of|son|daughter|wife|husband|friend|colleague|partner|coach|trainer|doctor|therapist),? [A-Z]|attn)"
        rf"|(?i:\b(?:regards|sincerely|yours|cheers|best|wishes|thanks|thank you|thx)\b.{{0,40}}$)|\b(?:{first})\b"
    )


@cache
def _words() -> dict[str, Any]:
    return dict(read_yaml(Path(__file__).with_name("names.yaml")))
