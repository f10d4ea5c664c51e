"""Patterns of how to reach a person: mail, telephone, accounts, links.

Each rule is (kind, characters of which a text must hold one, pattern). A group ``keep`` marks where the detail
begins; what stands before it stays. More specific patterns come first.
"""

from typing import Final

_DIGIT: Final = "0123456789"
_MAILBOX = r"[A-Za-z0-9](?:[\w.%+-]*\w)?"
_TOP = r"(?:com|net|org|edu|gov|info|cn|uk|de|fr|es|it|nl|jp|in|br|au|ca|ru|pl|se|ch|at|io|me|hk|tw|sg)(?:\.[a-z]{2})?"
_EMAIL = r"(?<![\w.%+-])[A-Za-z0-9][\w.%+-]*@[A-Za-z0-9\u00c0-\u024f-]+(?:\.[A-Za-z0-9-]+)+"
_EMAIL_SPACED = rf"(?i)(?<![\w.%+-]){_MAILBOX} {{0,2}}@ {{0,2}}[a-z0-9-]+ {{0,2}}\. {{0,2}}{_TOP}(?![\w-])|(?<![\w.%+-]){_MAILBOX}@[a-z0-9-]+ {{0,2}}\. {{0,2}}[a-z]{{2,6}}(?![\w-])"
_EMAIL_SPELT = (
    rf"(?i)(?<![\w.%+-]){_MAILBOX}(?:\s{{0,2}}[\[({{<]\s?at\s?[\])}}>]\s{{0,2}}[a-z0-9-]+\s{{0,2}}(?:\.|[\[({{<]\s?dot\s?[\])}}>]| dot )"
    r"| at [a-z0-9-]+ dot )\s{0,2}[a-z]{2,6}(?:\.[a-z]{2})?(?![\w-])"
)
_EMAIL_HAN = (
    rf"(?i)(?<![\w.%+-]){_MAILBOX}\s?(?:艾特|爱特|圈[aA]|小老鼠|#)\s?[a-z0-9-]+\s?(?:\.|点)\s?{_TOP}(?![\w-])"
)
_EMAIL_AT = (  # jo.brandt at example.org; a plain word before the at needs another word that says mail
    rf"(?i)(?<![\w.%+-])(?:[a-z0-9]+[._\d][\w.]*"
    rf"|(?<=mail )(?!me |us )[a-z]\w+|(?<=mail: )[a-z]\w+|(?<=mail is )[a-z]\w+) at [a-z0-9-]+\.{_TOP}(?![\w-])"
)
_EMAIL_PROVIDER = r"(?i)(?<![\w.%+-])[a-z0-9][\w.%+-]*@(?:qq|163|126|sina|sohu|foxmail|gmail|hotmail|outlook|yahoo|icloud)(?:[ 点]{1,2}com)?(?![\w.-])"
_LINK = r"(?i)\b(?<![@.])[a-z0-9-]+\.(?:com|cn|net|org|io|me|shop)/[^\s\u4e00-\u9fff，。；）]*\d[^\s\u4e00-\u9fff，。；）]*|\b(?:https?://|www\.)[^\s\u4e00-\u9fff，。；）]*[?=@#\d][^\s\u4e00-\u9fff，。；）]*"
_IP = r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])"

_HAN_DIGIT = "零〇一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖"
_ANY = rf"[\d{_HAN_DIGIT}]"
_MOBILE_MIXED = (  # 138 in any mixture of digits, Chinese digits and separators
    rf"(?<![\d.{_HAN_DIGIT}])(?:(?:\+|00)?86[ -]?)?[1一幺壹][ .-]?[3-9三四五六七八九叁肆伍陆柒捌玖](?:[ ._·-]{{0,2}}{_ANY}){{9}}(?!{_ANY}|\.\d)"
)
_MOBILE_LETTERS = r"(?<![A-Za-z0-9])(?=[\d]*[oOlI])[1lI][3-9][\doOlI]{9}(?![A-Za-z0-9])"
_MOBILE = r"(?<![\d.])(?:(?:\+|00)?86[ -]?)?1[3-9]\d(?:[ .-]?\d{4}){2}(?!\d)"
_SPELT = "zero|oh|one|two|three|four|five|six|seven|eight|nine"
_WORDS = rf"(?i)\b(?:(?:double |triple )?(?:{_SPELT})[ ,-]{{1,2}}){{6,15}}(?:{_SPELT})\b"
_PLUS = r"(?<![\w+])(?:\+|00 ?)[1-9]\d{0,2}[ .-]?(?:\(0?\d{1,4}\)[ .-]?)?\d{1,5}(?:[ .-]?\d{2,5}){1,4}(?!\d)"
_AREA = r"(?<![\d.])\(?0\d{2,3}\)?[ /-]?(?:\d{7,8}|\d{3,4}[ -]\d{4})(?:(?:-|转)\d{1,5})?(?![\d])"
_BRACKETS = r"(?<![\w.])\(\d{2,4}\) ?\d{3,5}[ .-]?\d{3,4}(?!\d)"
_LOCAL = (
    r"(?<![\d.])0\d{2,4} \d{3,4} ?\d{3,4}(?!\d)|(?<!\d)0\d(?:[ .-]\d{2}){4}(?!\d)|(?<![\d.-])0\d{1,4}[/-]\d{3,4}[ -]?\d{3,4}(?!\d)"
    r"|(?<!\d)[48]00[ -]?\d{3,4}[ -]\d{3,4}(?!\d)|(?<![\d.,])[67]\d{2}(?: \d{2}){3}(?![.,]?\d)"
)
_FIVE_FIVE = r"(?<![\d.,-])(?:0|91[ -])?[6-9]\d{4}[ -]\d{5}(?![.,-]?\d)"
_AMERICA = r"(?<![\d.-])(?:\+?1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[.-]\d{4}(?![\d-])"
_SAID = (
    r"(?i)(?:[电電][话話]|手[机機]|尾号|我号|座机|热线|来电|致电|回电|联系方式|联系我|打给我|短信|\btel(?:ephone)?|\b(?:cell|mobile|work|home )?phone|\bmobile|\bcell|whatsapp|viber|signal"
    r"|\bph\b|\b(?:call|text|reach|ring|phone|sms)(?: me| us)(?: at| on| back)?"
    r"|(?:my|her|his|our) (?:phone |cell |mobile |new )?(?:number|no\.?)(?: is)?)(?:号码?| ?no\.?| ?number)?"
    r"\s{0,2}[:：.#是为]?\s{0,2}(?P<keep>)(?:\+|\()?\d(?:[ .,()/-]{0,2}\d){5,14}(?!\d|元|块|%|％|[年月日分小天次])"
)
_SAID_HAN = rf"(?:[电電][话話]|手[机機]|座机|联系方式|号码|打给我|回电)[号是为:：]{{0,2}}\s?(?P<keep>){_ANY}(?:[ -]?{_ANY}){{6,11}}(?!{_ANY})|尾号[是为:：]?\s?(?P<near>)\d{{4}}(?!\d)"
_EXTENSION = r"(?i)\[PHONE\],?\s?(?:ext\.?|extension|x|转|分机)号?[ .:：]{0,2}(?P<keep>)\d{1,6}(?!\d)"

_IS = r"(?:同?号码?|群|\s?(?:id|no\.?|number|account|handle|name))?(?:\s?(?:is|'s)\b)?\s{0,2}[\u2600-\u27bf\U0001f300-\U0001faff]{0,2}[:：是为叫加=]?\s{0,2}"
_QQ = rf"(?i)(?:qq|扣扣|企鹅){_IS}(?P<keep>)[1-9]\d(?:[ -]?\d){{3,10}}(?!\d)"
_WECHAT_WORD = r"(?:[微威薇徽]信|卫星号|wechat|weixin|wei xin|绿泡泡|(?<![A-Za-z0-9/.])[vw]x|[加➕+]\s?[我个]?\s?[vV微薇威](?![A-Za-z0-9])(?: ?信)?|[vV] ?信|(?<![A-Za-z0-9])[vV](?=[❤♥:：]))"
_WECHAT = rf"(?i){_WECHAT_WORD}{_IS}(?P<keep>)(?=[\w-]{{0,19}}[\d_])[A-Za-z0-9][A-Za-z0-9_-]{{4,19}}(?![A-Za-z0-9元块])"
_WECHAT_NAMED = (
    r"(?i)(?:[微威薇]信号|wechat id|weixin id)\s{0,2}[:：是为]?\s{0,2}(?P<keep>)[A-Za-z][A-Za-z0-9_-]{5,19}"
)
_ELSEWHERE = r"(?i)(?:抖音|小红书|支付宝|微博|快手|淘宝|闲鱼|陌陌|b站|钉钉)(?:号|账号|帐号|id)\s{0,2}[:：是为]?\s{0,2}(?P<keep>)[A-Za-z0-9][A-Za-z0-9_.-]{4,19}"
_MESSENGER = (
    r"(?i)\b(?:telegram|tg|line|skype|signal|discord|snapchat|snap|kakao(?:talk)?|viber|insta(?:gram)?|ig|twitter|facebook|fb|tiktok|linkedin|steam)"
    r"(?:\s?(?:id|handle|name|user(?:name)?|account))?(?:\s?[:：]\s?|\s?(?:is|at)\s|\sme\s(?:at\s)?|\s)@?(?P<keep>)(?=[\w.-]{0,25}[\d_])[A-Za-z][\w.]{3,25}\w"
    r"|(?<![\w#])(?P<keep3>)[A-Za-z][\w.]{1,25}#\d{4}(?!\d)|(?:电报|飞机号)\s?[:：是]?\s?(?P<keep2>)[A-Za-z@][\w.]{4,25}"
)
_HANDLE = r"(?<![\w@.+-])@(?!media\b)[A-Za-z_][\w.]{1,28}\w(?![\w(])|(?<![\w@])@(?!客服|官方|小编|商家|老板|店家|所有人|全体)[\u4e00-\u9fff]{2,8}(?=[\s，。！!,]|$)"

CONTACT_RULES: Final = (
    ("LINK", "/.", _LINK),
    ("EMAIL", "@", _EMAIL),
    ("EMAIL", "@", _EMAIL_SPACED),
    ("EMAIL", "@", _EMAIL_PROVIDER),
    ("EMAIL", "aA", _EMAIL_SPELT),
    ("EMAIL", "特圈鼠#", _EMAIL_HAN),
    ("EMAIL", "aA", _EMAIL_AT),
)
ACCOUNT_RULES: Final = (
    ("ACCOUNT", "qQ扣企", _QQ),
    ("ACCOUNT", "信dD", _WECHAT_NAMED),
    ("ACCOUNT", "号dD", _ELSEWHERE),
)
PHONE_RULES: Final = (
    ("LINK", ".", _IP),
    ("PHONE", "1", _MOBILE),
    ("PHONE", "1一幺壹", _MOBILE_MIXED),
    ("PHONE", "oOlI", _MOBILE_LETTERS),
    ("PHONE", "nNeE", _WORDS),
    ("PHONE", "+0", _PLUS),
    ("PHONE", "0", _AREA),
    ("PHONE", "(", _BRACKETS),
    ("PHONE", "046789", _LOCAL),
    ("PHONE", "6789", _FIVE_FIVE),
    ("PHONE", "-.", _AMERICA),
    ("PHONE", _DIGIT, _SAID),
    ("PHONE", "话話机機式码我电号", _SAID_HAN),
    ("PHONE", "]", _EXTENSION),
)
LATER_ACCOUNT_RULES: Final = (
    ("ACCOUNT", "信泡加➕+xXtTnN号vV", _WECHAT),
    ("ACCOUNT", _DIGIT + "_报机", _MESSENGER),
    ("ACCOUNT", "@", _HANDLE),
)
AMBIGUOUS: Final = (_LINK, _IP, _HANDLE, _LOCAL, _FIVE_FIVE)  # a code of a campaign may look so
# RE2: a text without any of these holds none of the above
CANDIDATE: Final = (
    r"@|/[^ ]*[0-9]|(?:https?://|www\.)|(?i:qq|扣扣|企鹅|[微威薇徽]信|卫星号|wechat|wei ?xin|泡泡|\b[vw]x|[加➕+] ?[我个]? ?[v微薇威]|v ?信|v[❤♥:：])|[A-Za-z0-9_]#[0-9]{4}|小老鼠|[a-zA-Z0-9]#[a-z]"
    r"|(?i:抖音|小红书|支付宝|微博|快手|淘宝|闲鱼|陌陌|b站|钉钉|电报|飞机号)"
    r"|(?i:\b(?:telegram|tg|line|skype|signal|discord|snap|kakao|viber|insta|ig|twitter|facebook|fb|tiktok|linkedin|steam))[^。]{0,40}[0-9_]"
    r"|(?i:[\[({<] ?at ?[\])}>]| dot [a-z]| at [a-z0-9-]+\.[a-z])|艾特|爱特|圈[aA]"
)
PHONE_CANDIDATE: Final = (
    r"[0-9](?:[ .()/·_+-]{0,3}[0-9]){6}|(?i:[oli0-9]{11})|(?i:(?:(?:one|two|three|four|five|six|seven|eight|nine|zero|oh)[ ,-]{1,2}(?:double |triple )?){5})"
    rf"|[{_HAN_DIGIT}0-9](?:[ ._·-]{{0,2}}[{_HAN_DIGIT}0-9]){{9}}|[0-9]{{1,3}}\.[0-9]{{1,3}}\.[0-9]{{1,3}}\."
    r"|(?:\+|00 ?)[1-9](?:[ .()-]{0,2}[0-9]){3}"
)
