"""Patterns of postal addresses in Chinese, English and some other languages. Rules as in `contact_details`."""

from typing import Final

_DIGIT: Final = "0123456789"
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
    "|Crescent|Highway|Hwy|Row|Mews|Grove|Parade|Square|Gardens|Quay"
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

_EUROPE = (  # the number behind the street, the street's kind in or before its name; then often postcode and town
    r"(?<![\w\u00c0-\u024f])(?:[A-Z\u00c0-\u00de][\w\u00c0-\u024f.'-]{1,20}(?:[ -][A-Z\u00c0-\u00de][\w\u00c0-\u024f.'-]{1,20}){0,2}?)?"
    r"(?i:stra(?:ß|ss)e|str\.|[a-z\u00df-\u024f](?:weg|gasse|platz|allee|ufer|damm|straat|laan|plein|gracht|gatan|v\u00e4gen|gade|vej|veien|gata))"
    r" \d{1,4} ?[a-zA-Z]?(?![\w\u00c0-\u024f])"
    r"|\b(?:Calle|Avenida|Av\.|Avda\.|Rua|Via|Viale|Piazza|Plaza|Paseo|Corso|ul\.|Ulica|Rue|Place|Boulevard|Jalan|Jl\.)"
    r"(?: (?:[A-Z\u00c0-\u024f][\w\u00c0-\u024f'.-]*|de|la|del|di|da|do|dos|des|du|le|las|los)){1,5},? (?:n[.\u00ba\u00b0]? ?)?\d{1,5}(?!\w)"
    r"|(?<![\w.])\d{1,4}(?: ?(?:bis|ter))?,? (?:rue|avenue|boulevard|all\u00e9e|place|chemin|impasse|quai)(?: [\w\u00c0-\u024f'-]{2,20}){1,5}"
)
_TOWN = r"(?:,? \d{4,5}(?: ?[A-Z]{2})? [A-Z\u00c0-\u00de][\w\u00c0-\u024f-]+)?"
_TOLD = (  # any number and street behind a word that says where somebody lives
    r"(?i)\b(?:live[sd]? (?:at|on)|address(?: is|:)?|ship(?:ped)? (?:it )?to|deliver(?:ed)? (?:it )?to|send (?:it|them) to|come to|located at|moved to|house at)\s{0,2}(?P<keep>)"
    r"\d{1,5}[a-z]?(?:[ ,]{1,2}(?!days?|weeks?|months?|years?|hours?|minutes?|people|times)[a-z][\w'.-]{1,20}){1,4}"
)
_NUMBERED = r"(?<![\w.])\d{1,5} (?:[NSEW]\.? )?\d{1,3}(?:st|nd|rd|th) (?:Street|St|Avenue|Ave|Road|Rd)\b\.?"
_HAN_POSTCODE = r"(?:邮编|邮政编码|邮码|\b(?:zip|postal|post)(?: ?code)?)\s?(?:is)?[:：是为]?\s?(?P<keep>)(?:\d{5,6}(?:-\d{4})?|[A-Z]\d[A-Z] ?\d[A-Z]\d)(?![\w.])"
_HAN_NUMBER = (  # a house number in Chinese digits
    rf"{_PLACE}{_HAN}{{1,8}}?(?:大道|胡同|[路街巷弄])[一二三四五六七八九十百零〇]{{1,6}}号(?!线|店)(?:[一二三四五六七八九十\d]{{1,3}}(?:号楼|[栋幢座]|单元|楼|室|层)){{0,3}}"
    rf"|{_HAN}{{2,8}}?(?:小区|花园|公寓|新村|家园|花苑|雅苑|名苑|府|湾|里)[一二三四五六七八九十\d]{{1,3}}(?:号楼|[栋幢座])(?:[一二三四五六七八九十\d]{{1,3}}(?:单元|楼|室|层)){{0,3}}"
)

ADDRESS_RULES: Final = (
    ("ADDR", "路街巷弄道同", _ROAD + _ROOM),
    ("ADDR", "区县", _DISTRICT + _ROOM),
    ("ADDR", "楼栋幢座", _HOUSE),
    ("ADDR", "元", _UNIT_ZH),
    ("ADDR", "村", _VILLAGE),
    ("ADDR", "号栋幢座", _HAN_NUMBER),
    ("ADDR", _DIGIT, _NUMBERED),
    ("ADDR", _DIGIT, _STREET),
    ("ADDR", _DIGIT, _LOW_STREET),
    ("ADDR", _DIGIT, f"(?:{_EUROPE}){_TOWN}"),
    ("ADDR", _DIGIT, _TOLD),
    ("ADDR", "xX", _BOX),
    ("ADDR", _DIGIT, _HAN_POSTCODE),
    ("ADDR", _DIGIT, _POSTCODE),
)
CANDIDATE: Final = (
    r"[路街巷弄道村].*[0-9一二三四五六七八九十]|[0-9]\s*(?:号楼|[栋幢座])|单元|[里府湾园苑村区寓].{0,3}[栋幢座楼]|[A-Za-z]\s*[栋幢座]|区.*(?:[栋幢座]|号楼|单元)|邮编|邮政编码|邮码|(?i:zip|post|box)"
    r"|[0-9]+[a-zA-Z]?,? [A-Za-z0-9]{2,}|[A-Z][0-9][A-Z0-9]? [0-9][A-Z]{2}|, [A-Z]{2} [0-9]{5}"
    r"|(?i:stra(?:ß|ss)e|str\.|weg|gasse|platz|allee|ufer|damm|straat|laan|plein|gracht|gatan|v\x{e4}gen|gade|vej|veien|gata) [0-9]"
    r"|(?:Calle|Avenida|Av\.|Avda\.|Rua|Via|Piazza|Plaza|Paseo|Corso|ul\.|Ulica|Rue|Place|Boulevard|Jalan|Jl\.) "
)
