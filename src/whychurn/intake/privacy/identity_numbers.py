"""Patterns of numbers that an office, a bank or a shop gave to a person. Rules as in `contact_details`."""

import re
from typing import Final

_DIGIT: Final = "0123456789"
_ID_18 = (
    r"(?<!\d)[1-8]\d{5}[ -]?(?:18|19|20)\d{2}[ -]?(?:0[1-9]|1[0-2])[ -]?(?:0[1-9]|[12]\d"
    r"|3[01])[ -]?\d{3}[\dXx](?![\dA-Za-z])"
)
_ID_15 = r"(?<![\d.])[1-8]\d{5}\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?![\d.])"
_SSN = r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"
_CPF = r"(?<![\d.])\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)|(?<![\d.])\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}(?!\d)"
_BY_FORM = (  # United Kingdom, Hong Kong, Taiwan, Korea, Spain, India: insurance, identity and tax numbers
    r"(?<![A-Za-z0-9])(?:[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]|[A-Z]{1,2}\d{6}\([0-9A]\)|[A-Z][12]\d{8}|\d{6}-[1-4]\d{6}"
    r"|\d{8}-?[A-HJ-NP-TV-Z]|[A-Z]{5}\d{4}[A-Z])(?![A-Za-z0-9])|(?<![\d-])[2-9]\d{3} \d{4} \d{4}(?! ?\d)"
)
_IS = r"(?:号码?|\s?(?:no\.?|numbers?|#|id))?(?:\s?(?:is|was))?\s{0,2}[:：#是为]?\s{0,2}"
_PASSPORT = rf"(?i)(?:护照|passport|通行证|台胞证|回乡证){_IS}(?P<keep>)(?!20\d{{6}}(?!\d))[A-Z]{{0,2}}\d{{6,10}}(?!\d)"
_BY_WORD = (
    r"(?i)(?:\b(?:driver'?s? licen[cs]e|cpf|cnpj|ssn|nino?|vat|dni|nie|nif|aadhaar|pan|bsn|pesel|tfn|sin|itin|ein|steuer-?id"
    r"|(?:tax|national|personal|social security|insurance|licen[cs]e|identity|id card|member(?:ship)?|customer|client|user|account|loyalty|employee)"
    r"(?: card)?(?: (?:id|no\.?|number|code))+|member id)"
    r"|税号|识别号|信用代码|社保号?|医保号?|驾驶证|驾照|学号|工号|档案号|身份证|证件号?|会员卡?号|会员编号|客户编?号|用户(?:编号|id)|准考证)"
    rf"{_IS}(?P<keep>)(?=[A-Za-z.-]{{0,6}}\d)(?!20\d{{6}}(?![\dA-Za-z]))[A-Z0-9](?:[.-]?[A-Z0-9]){{4,20}}(?![A-Za-z0-9])"
)
_CARD = r"(?<![\d.])\d(?:[ -]?\d){14,17}\d(?![\d.])|(?<![\d.])\d{19}(?![\d.])"
_CARD_SAID = (
    r"(?i)(?:卡号|账号|帐号|(?:银行|信用|储蓄|借记)卡|card (?:no\.?"
    r"|number))(?:\s?is)?\s*[:：是为]?\s*(?P<keep>)\d(?:[ .-]?\d){14,18}(?!\d)"
)
_AMEX = r"(?<![\d.])3[47]\d{2}[ -]?\d{6}[ -]?\d{5}(?![\d.])"
_IBAN = r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"
_PLATE = (
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][ ·•-]?(?=[A-Z]{0,5}\d)[A-HJ-NP-Z0-9]{5,6}(?![A-Za-z0-9])"
    r"|(?i:\b(?:licen[cs]e plate|number plate|plate(?: no\.?| number)|registration)|车牌号?)(?i:\s?is)?\s?[:：是]?\s?(?P<keep>)[A-Z0-9][A-Z0-9 -]{3,8}[A-Z0-9]"
)
_ORDER = (
    r"(?i)(?:[订訂][单單][编編]?[号號]?|[单單][号號]|bestell(?:ung|nummer)|commande|pedido|ordine|运单号?|快递单?号?|流水号|交易号|凭证号|\b(?:order|invoice|tracking|booking|reference|ticket|case|parcel|transaction|reservation)"
    r"(?: ?(?:no\.?|numbers?|nr\.?|id|code|#|ref\.?))?)(?:\s?(?:is|was))?\s{0,2}[:：#是为]?\s{0,2}(?P<keep>)"
    r"(?!20\d{2}[-/.年]?\d{2}[-/.月]?\d{2}(?![\dA-Za-z-]))(?=(?:[A-Z-]{0,6}\d){4})[A-Z0-9](?:-?[A-Z0-9]){5,30}(?![A-Za-z0-9])"
)
_TRACKING = r"(?<![A-Za-z0-9])(?:SF|YT|ZTO|STO|JD|JT|EMS|YD|1Z)[A-Z]{0,4}[0-9][0-9A-Z]{9,17}(?![A-Za-z0-9])"

NUMBER_RULES: Final = (
    ("IDNO", _DIGIT, _ID_18),
    ("IDNO", ".", _CPF),
    ("CARD", "号卡dD", _CARD_SAID),
    ("ORDER", _DIGIT, _ORDER),
    ("CARD", _DIGIT, _CARD),
    ("CARD", "3", _AMEX),
    ("CARD", _DIGIT, _IBAN),
    ("IDNO", _DIGIT, _ID_15),
    ("IDNO", "护证tT", _PASSPORT),
    ("IDNO", _DIGIT, _BY_WORD),
    ("ORDER", "FTOMDZJS1", _TRACKING),
)
LATER_NUMBER_RULES: Final = (("IDNO", "-", _SSN), ("IDNO", _DIGIT, _BY_FORM), ("IDNO", _DIGIT, _PLATE))
AMBIGUOUS: Final = (_BY_FORM, _PLATE, _ORDER, _TRACKING)  # a code of a campaign may look so
CANDIDATE: Final = (  # RE2: a text without any of these holds none of the above
    r"(?:护照|通行证|台胞证|回乡证|卡号|账号|帐号|[行用蓄记]卡|税号|识别号|信用代码|社保|医保|驾驶证|驾照|学号|工号|档案号|身份证|证件|会员|客户编?号|用户|准考证|车牌|[单單][号號]?|[编編][号號]|运单|快递|流水号|交易号|凭证号)[^。]{0,30}[0-9]"
    r"|(?i:\b(?:passport|order|invoice|tracking|booking|reference|ticket|case|parcel|transaction|reservation|cpf|cnpj|ssn|nino?|vat|dni|nie|nif|aadhaar|pan|bsn|pesel|tfn|sin|itin|ein|steuer|plate"
    r"|registration|licen[cs]e|number|card|code|id|no|#))[^。]{0,30}[0-9]"
    r"|[0-9](?:[ .,()/_-]{0,2}[0-9]){6}|[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4} ?[A-Z0-9]{4}|[A-Z]{1,2}[0-9]{6}|[0-9]{8}-?[A-Z]|[A-Z]{5}[0-9]{4}|[A-Z]{2} ?[0-9]{2} ?[0-9]{2}|[A-Z0-9]{12}"
    r"|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z]"
)


_OTHER = (  # seven digits and more that no other rule takes
    r"(?<![\d.,¥￥$€£\w-])\d(?:[ .,()/_-]{0,2}\d){6,24}(?![\d]|[.,]\d|\s?(?:元|块|分|点|积分|日元|points?|pts|yen|km|kg|%|次|人|：|:))"
)
OTHER_RULES: Final = (("NUM", _DIGIT, _OTHER),)
_DAY: Final = re.compile(
    r"(?:19|20)\d{2}([-/. ]?)(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?!\d)|\d{1,2}([-/.])\d{1,2}\2(?:19|20)?\d{2}(?!\d)"
)


def is_no_quantity(text: str) -> bool:
    """Whether a long number is neither a day nor an amount nor a list of round numbers."""
    if _DAY.match(text) or re.fullmatch(r"\d{1,3}(?:([,. ])\d{3})(?:\1\d{3})*(?:[.,]\d{1,2})?", text):
        return False
    if re.fullmatch(
        r"(?:19|20)\d{2}[-/ ]+(?:19|20)\d{2}|\d+\.\d+|\d{1,2}[.:]\d{2} ?- ?\d{1,2}[.:]\d{2}", text
    ):
        return False
    groups = re.split(r"[^\d]+", text)
    return len(groups) == 1 or not all(group.endswith("0") or len(group) == 1 for group in groups)


def is_account_number(text: str) -> bool:
    """Whether a card number passes Luhn's check (ISO/IEC 7812), or an IBAN its own (ISO 13616)."""
    return _passes_iban(text) if text[0].isalpha() else _passes_luhn(text)


def _passes_luhn(number: str) -> bool:
    digits = [int(sign) for sign in reversed(number) if sign.isdigit()]
    doubled = [d if position % 2 == 0 else sum(divmod(2 * d, 10)) for position, d in enumerate(digits)]
    return 15 <= len(digits) <= 19 and sum(doubled) % 10 == 0


def _passes_iban(text: str) -> bool:
    signs = re.sub(r"\s", "", text)
    number = "".join(str(int(sign, 36)) for sign in signs[4:] + signs[:4])
    return 15 <= len(signs) <= 34 and int(number) % 97 == 1
