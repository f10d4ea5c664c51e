"""Personal details in free text replaced by their kind, before anything else reads it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from whychurn.intake.read.dtypes import TEXT, arrow_text

# Full-width digits and signs hide a number from plain patterns.
_NARROW: Final = str.maketrans("０１２３４５６７８９＠＋－（）　", "0123456789@+-() ")
# RE2: a text without any of these holds nothing to redact.
_CANDIDATE: Final = (
    r"[@＠]|[0-9０-９][0-9０-９ 　\-－./()（）]{5,}|[路街巷弄道村].*[0-9０-９]|[0-9０-９]\s*(?:号楼"
    r"|[栋幢座]|单元)"
    r"|(?i:qq|扣扣|[微威薇]信|wechat|weixin|vx|wx|加v|护照|passport|通行证|台胞证|回乡证|box)"
    r"|[0-9]+[a-zA-Z]? [A-Za-z]{3,}"
    r"|(?i:抖音|小红书|支付宝|微博|快手|淘宝)|(?i:[\[(（]at[\])）]| dot [a-z])|[A-Za-z]\s*[栋幢座]"
    r"|[A-Z][0-9][A-Z0-9]? [0-9][A-Z]{2}"
    r"|[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4} ?[A-Z0-9]{4}|, [A-Z]{2} [0-9]{5}"
    r"|[零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]{11}"
)

_EMAIL = r"(?<![\w.%+-])[A-Za-z0-9][\w.%+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
_EMAIL_SPELT = (
    r"(?i)(?<![\w.%+-])[a-z0-9][\w.%+-]*\s*(?:[\[(]at[\])]\s*[a-z0-9-]+\s*(?:\.|[\[(]dot[\])]| dot )"
    r"| at [a-z0-9-]+ dot )"
    r"\s*[a-z]{2,6}(?:\.[a-z]{2})?(?![\w-])"
)
_ID_18 = (
    r"(?<!\d)[1-8]\d{5}[ -]?(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d"
    r"|3[01])[ -]?\d{3}[\dXx](?![\dA-Za-z])"
)
_ID_15 = r"(?<![\d.])[1-8]\d{5}\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?![\d.])"
_SSN = r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"
_PASSPORT = (
    r"(?i)(?:护照|passport|通行证|台胞证|回乡证)(?:号码?|\s*(?:no\.?|number)(?: is)?"
    r")?\s*[:：是为]?\s*(?P<keep>)"
    r"(?!20\d{6}(?!\d))[A-Z]{0,2}\d{7,10}(?!\d)"
)
_CARD = r"(?<![\d.])\d(?:[ -]?\d){14,17}\d(?![\d.])|(?<![\d.])\d{19}(?![\d.])"
_CARD_SAID = (
    r"(?i)(?:卡号|账号|帐号|(?:银行|信用|储蓄|借记)卡|card (?:no\.?"
    r"|number))\s*[:：是为]?\s*(?P<keep>)\d(?:[ -]?\d){14,18}(?!\d)"
)
_AMEX = r"(?<![\d.])3[47]\d{2}[ -]?\d{6}[ -]?\d{5}(?![\d.])"
_IBAN = r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"
_HAN_DIGIT = "零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
_MOBILE_SPELT = (
    rf"(?<![{_HAN_DIGIT}])[一幺壹][三四五六七八九叁肆伍陆柒捌玖][{_HAN_DIGIT}]{{9}}(?![{_HAN_DIGIT}])"
)
_MOBILE = r"(?<![\d.])(?:(?:\+|00)?86[ -]?)?1[3-9]\d(?:[ .-]?\d{4}){2}(?!\d)"
_PLUS = r"(?<![\w+])(?:\+|00)[1-9]\d{0,2}[ .-]?(?:\(0?\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){2,4}(?!\d)"
_AREA = r"(?<![\d.])\(?0\d{2,3}\)?[ /-]?(?:\d{7,8}|\d{3,4}[ -]\d{4})(?:(?:-|转)\d{1,5})?(?![\d])"
_LOCAL = (
    r"(?<![\d.])0\d{2,4} \d{3,4} ?\d{3,4}(?!\d)|(?<!\d)0\d(?:[ .]\d{2}){4}(?!\d)"
    r"|(?<!\d)[48]00[ -]\d{3,4}[ -]\d{3,4}(?!\d)"
)
_AMERICA = r"(?<![\d.-])(?:\+?1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[.-]\d{4}(?![\d-])"
_SAID = (
    r"(?i)(?:电话|手机|致电|回电|联系方式|tel|phone|mobile|(?:call|text|reach|ring) me(?: at| on| back)?"
    r"|my (?:phone |cell |mobile )?number(?: is)?)(?:号码?"
    r")?\s*[:：.是为]?\s*(?P<keep>)\d[\d -]{5,13}\d(?!\d|元|块|%|％|[年月日])"
)
_QQ = r"(?i)(?:qq|扣扣)(?:号码?|群)?\s*[:：是为加]?\s*(?P<keep>)[1-9]\d{4,11}(?!\d)"
_WECHAT = (
    r"(?i)(?:[微威薇]信|wechat|weixin|(?<![A-Za-z0-9/.])[vw]x|加v)(?:号码?|\s*id"
    r")?\s*[:：是为加]?\s*(?P<keep>)(?=[\w-]*[\d_])[A-Za-z][A-Za-z0-9_-]{5,19}"
)
_WECHAT_NAMED = (
    r"(?i)(?:[微威薇]信号|wechat id|weixin id)\s*[:：是为]?\s*(?P<keep>)[A-Za-z][A-Za-z0-9_-]{5,19}"
)
_ELSEWHERE = (
    r"(?i)(?:抖音|小红书|支付宝|微博|快手|淘宝)(?:号|账号|帐号|id)\s*[:：是为]?\s*(?P<keep>)[A-Za-z0-9][A"
    r"-Za-z0-9_.-]{4,19}"
)
_HAN = r"(?:(?![了买在到住于是我的你您从给寄往了和与跟请送去过向离为就有这那，。])[\u4e00-\u9fff])"
_PLACE = (
    rf"(?:{_HAN}{{2,7}}?(?:省|自治区))?(?:{_HAN}{{2,7}}?[市州盟])?(?:{_HAN}{{1,7}}?[区县市旗]"
    rf")?(?:{_HAN}{{1,7}}?(?:街道|[镇乡]))?"
)
_TAIL = (
    r"(?:\s*[\u4e00-\u9fffA-Za-z]{0,8}?\s*[A-Za-z]?\d{1,5}(?:-\d{1,5})*\s*(?:号楼|号院|号|弄"
    r"|[栋幢座楼层室户]|单元)){0,5}"
)
_ROAD = (
    rf"{_PLACE}{_HAN}{{1,8}}?(?:大道|胡同|[路街巷弄道])[东西南北中]?[一二三四五六七八九十]?段?\s*[甲乙丙]?"
    rf"\d{{1,5}}(?:-\d{{1,4}})?\s*[号弄]{_TAIL}"
)
_HOUSE = (
    rf"{_PLACE}(?:{_HAN}{{2,10}}?(?:小区|花园|公寓|新村|家园|社区|大厦|苑)"
    rf")?\s*[A-Za-z]?\d{{1,4}}\s*(?:号楼|[栋幢座])\s*(?:[A-Za-z\d一二三四五]{{1,2}}\s*单元"
    rf")?\s*\d{{2,5}}\s*[室号户]?"
)
_ROOM = (
    r"(?:(?<=[楼元栋幢座])\s*\d{3,4}(?![\d元块次天年月个%.]))?"  # a room behind the house, without its word
)
_DISTRICT = (
    rf"(?:{_HAN}{{2,7}}?(?:省|自治区))?(?:{_HAN}{{2,7}}?[市州盟]"
    rf")?{_HAN}{{1,6}}?(?<![小社园校地专景])[区县]{_HAN}{{1,14}}?(?:[A-Za-z]\s*[栋幢座]"
    rf"|[A-Za-z]?\d{{1,4}}\s*(?:号楼|号院|[栋幢座弄]|单元|楼\s*\d{{1,2}}\s*单元)){_TAIL}"
)
_UNIT_ZH = r"(?<![\d.])\d{1,2}\s*单元\s*\d{3,4}(?:\s*[室号户]|(?!\d))"
_VILLAGE = (
    rf"{_HAN}{{2,7}}?[省市区县](?:{_HAN}{{1,7}}?[市区县])?{_HAN}{{1,7}}?[镇乡]{_HAN}{{1,7}}?村(?:{_HAN}{{1"
    rf",3}}组)?\s*\d{{1,4}}\s*号?"
)
_STREET_END = (
    "Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Place|Way|Close|Terrace"
    "|Crescent|Highway|Hwy"
)
_UNIT = r"(?:,? (?:Apt|Apartment|Unit|Suite|Flat|Floor|#)\.? ?\w{1,6})?"
_STREET = (
    rf"(?<![\w.])(?:[Ff]lat \w{{1,4}},? )?\d{{1,5}}[A-Za-z]? (?:[A-Z][\w'’.-]* ){{1,4}}(?:{_STREET_END})\b"
    rf"\.?{_UNIT}"
)
_LOW_STREET = rf"(?<![\w.])\d{{1,5}}[a-z]? [a-z]{{3,}} (?:street|avenue|boulevard|lane|crescent)\b{_UNIT}"
_BOX = r"(?i)\bp\.? ?o\.? ?box \d+"
_POSTCODE = (
    r"(?<![A-Za-z0-9])[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}(?![A-Za-z0-9])|(?<=, )[A-Z]{2} \d{5}(?:-\d{4})?(?!\d)"
)

# Kind, characters of which a text must hold one, pattern. Order matters: more specific patterns come first.
_DIGIT: Final = "0123456789"
_RULES: Final = (
    ("EMAIL", "@", _EMAIL),
    ("EMAIL", "aA", _EMAIL_SPELT),
    ("IDNO", _DIGIT, _ID_18),
    ("CARD", "号卡dD", _CARD_SAID),
    ("CARD", _DIGIT, _CARD),
    ("CARD", "3", _AMEX),
    ("CARD", _DIGIT, _IBAN),
    ("IDNO", _DIGIT, _ID_15),
    ("IDNO", "护证tT", _PASSPORT),
    ("ACCOUNT", "qQ扣", _QQ),
    ("ACCOUNT", "信dD", _WECHAT_NAMED),
    ("ACCOUNT", "号dD", _ELSEWHERE),
    ("PHONE", "一幺壹", _MOBILE_SPELT),
    ("PHONE", "1", _MOBILE),
    ("PHONE", "+0", _PLUS),
    ("PHONE", "0", _AREA),
    ("PHONE", "0", _LOCAL),
    ("PHONE", "-.", _AMERICA),
    ("PHONE", _DIGIT, _SAID),
    ("IDNO", "-", _SSN),
    ("ACCOUNT", "信加xXtTnN", _WECHAT),
    ("ADDR", "路街巷弄道同", _ROAD + _ROOM),
    ("ADDR", "区县", _DISTRICT + _ROOM),
    ("ADDR", "楼栋幢座", _HOUSE),
    ("ADDR", "元", _UNIT_ZH),
    ("ADDR", "村", _VILLAGE),
    ("ADDR", _DIGIT, _STREET),
    ("ADDR", _DIGIT, _LOW_STREET),
    ("ADDR", "xX", _BOX),
    ("ADDR", _DIGIT, _POSTCODE),
)
RULES: Final = tuple(
    (kind, frozenset(signs), re.compile(pattern, re.ASCII)) for kind, signs, pattern in _RULES
)


def redact_text(text: str) -> tuple[str, Counter[str]]:
    """One text with personal details replaced by their kind, such as [PHONE], and how many of each kind.

    Found are e-mail addresses; 15- and 18-digit identity numbers of China, passport numbers after the word,
    US social security numbers; bank cards of 15 to 19 digits that pass Luhn's check (ISO/IEC 7812), IBANs
    that pass theirs (ISO 13616); mobile and landline numbers of China, also in Chinese digits, numbers with
    a country code, common national forms, numbers after a word such as 电话; QQ, WeChat and other
    accounts after the word; street addresses and houses in Chinese, street addresses and postcodes in
    English.
    Personal names are not redacted.
    """
    counts: Counter[str] = Counter()
    text = text.translate(_NARROW)
    for kind, signs, pattern in RULES:
        if signs.isdisjoint(text):
            continue

        def replacement(match: re.Match[str], kind: str = kind) -> str:
            if "keep" not in match.re.groupindex and kind == "CARD" and not _is_account(match.group()):
                return match.group()
            counts[kind] += 1
            start = match.start("keep") - match.start() if "keep" in match.re.groupindex else 0
            return f"{match.group()[:start]}[{kind}]"

        text = pattern.sub(replacement, text)
    return text, counts


def redact_column(texts: pd.Series) -> tuple[pd.Series, Counter[str]]:
    """A text column redacted, each distinct suspicious text once; counts are over all rows."""
    total: Counter[str] = Counter()
    values = texts.astype(TEXT)
    hits = pc.match_substring_regex(arrow_text(values), _CANDIDATE)
    suspect = hits.fill_null(False).to_numpy(zero_copy_only=False)
    if not suspect.any():
        return values, total
    codes, unique = pd.factorize(values[suspect])
    clean = [redact_text(text) for text in unique.to_numpy(dtype=object)]
    for times, (_, counts) in zip(np.bincount(codes, minlength=len(clean)), clean, strict=True):
        for kind, number in counts.items():
            total[kind] += number * int(times)
    redacted = values.astype(object)
    redacted[suspect] = np.array([text for text, _ in clean], dtype=object)[codes]
    return redacted.astype(TEXT), total


def _passes_luhn(number: str) -> bool:
    digits = [int(sign) for sign in reversed(number) if sign.isdigit()]
    doubled = [d if position % 2 == 0 else sum(divmod(2 * d, 10)) for position, d in enumerate(digits)]
    return 15 <= len(digits) <= 19 and sum(doubled) % 10 == 0


def _is_account(text: str) -> bool:
    return _passes_iban(text) if text[0].isalpha() else _passes_luhn(text)


def _passes_iban(text: str) -> bool:
    signs = text.replace(" ", "")
    number = "".join(str(int(sign, 36)) for sign in signs[4:] + signs[:4])
    return 15 <= len(signs) <= 34 and int(number) % 97 == 1
