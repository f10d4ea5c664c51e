"""Texts of members that hold a detail, and texts of which nothing may go; invented, in both languages.

`labelled_texts` fills frames with details: 13 frames, two or three a detail,
so that one way of writing stands at the beginning, in the middle and at the end of a text.
"""

from __future__ import annotations

import re

DETAILS = {
    "PHONE": [
        "13800138000", "138 0013 8000", "138-0013-8000", "1380013-8000", "138.0013.8000", "１３８００１３８０００", "+86 13800138000", "86-138-0013-8000",
        "1 3 8 0 0 1 3 8 0 0 0", "一三八零零一三八零零零", "壹叁捌零零壹叁捌零零零", "138零零138零零零", "1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣", "138​0013​8000", "l38OO138OOO",
        "①③⑧⓪⓪①③⑧⓪⓪⓪", "010-62331234", "(021) 6233 1234", "0571 8623 1234", "010-62331234转802", "+44 20 7946 0958", "020 7946 0958", "(02) 9374 4000", "+1 (415) 555-0132",
        "415-555-0132", "415.555.0132 ext. 12", "06 12 34 56 78", "+33 6 12 34 56 78", "0171/1234567", "98765 43210", "+91 98765 43210", "(11) 98765-4321", "090-1234-5678", "+852 2123 4567", "400-820-1234",
        "one three eight zero zero one three eight zero zero zero", "612 34 56 78", "00 49 30 901820",
    ],
    "EMAIL": [
        "lena.holt@example.org", "wang_fang88@163.com", "lena.holt＠example.org", "lena.holt (at) example.org", "lena.holt[at]example[dot]org", "lena.holt at example.org", "lenaholt at gmail dot com",
        "lena.holt @ example.org", "wang88@qq", "wang88艾特163点com", "lena+gym@mail.example.co.uk", "lena{at}example.org", "LENA.HOLT@EXAMPLE.ORG", "lena.holt@bücher.de",
    ],
    "ACCOUNT": [
        "微信：lena_h88", "加我v：anna88kk", "加V lena88h", "vx:lena_88", "➕v lena88h", "威信lena_88", "薇信号 lenaholt", "QQ 123456789", "扣扣：12345678", "qq号是 987654321", "wechat id lenaholt",
        "my wechat is tess_wx77", "telegram @mirek_p7", "TG: mirek_p7", "Line ID: lena_77", "my insta is lena.h_90", "@mirek_p7", "Skype lena.holt9", "抖音号 lena8888", "小红书号：95012345678", "微信号是lenaholt", "@李雷",
    ],
    "IDNO": [
        "身份证号110105194912310021", "11010519491231002X", "110105 19491231 002X", "护照E12345678", "passport no. 533380006", "CPF 123.456.789-09", "SSN 123-45-6789", "NI number QQ 12 34 56 C", "A123456(3)",
        "tax id 12-3456789", "税号91310000MA1K35L12X", "京A·12345", "沪BD12345", "number plate AB12 CDE", "会员卡号 88012345", "member number M-204518", "driver's licence D1234567", "DNI 12345678Z", "Aadhaar 2345 6789 0123", "学号20190101234",
    ],
    "CARD": ["6222 0212 3456 7890 123", "4111 1111 1111 1111", "4111-1111-1111-1111", "卡号6222021234567890123", "DE89 3704 0044 0532 0130 00", "3782 822463 10005"],
    "ADDR": [
        "浙江省杭州市西湖区文三路100号2栋301室", "朝阳区建国路甲88号", "阳光小区3栋2单元501", "南京东路一百二十号", "12 Baker Street, Apt 4", "221B Baker Street", "Lindenstraße 12, 10115 Berlin", "Hauptstr. 5", "12 rue de la Paix", "Calle Mayor 5",
        "Av. Paulista 1578", "Via Roma 10", "ul. Marszałkowska 10", "Keizersgracht 120", "350 5th Avenue", "P.O. Box 123", "邮编310012", "NW1 6XE", "Flat 2, 14 Station Road", "Drottninggatan 7",
    ],
    "NAME": [
        "我叫王小明", "姓名：李娜", "收件人：陈志强", "张先生", "欧阳女士", "李经理", "客服小王", "my name is Lena Holt", "Mr Brandt", "Mrs. O'Neill", "Dr. Sofia Marin", "this is Anna Miller", "I'm James Carter", "王建国", "会员刘洋", "sales rep named Tobias",
        "spoke with Priya", "helped by Yusuf Demir", "销售：赵磊", "我的名字是孙悦",
    ],
    "ORDER": ["订单号20240506123456", "单号：SF1234567890123", "order no. 100-2345678", "order #A1029384", "tracking number 1Z999AA10123456784", "运单 YT1234567890123", "invoice INV-2024-00123"],
    "LINK": ["https://shop.example.com/user/20418?token=ab12", "www.example.com/u/lena?id=7", "http://example.com/@lena", "192.168.10.24"],
}  # fmt: skip
FRAMES = ["{}", "please contact {}, thanks", "快递又晚了 {}", "{} 三天没人管", "I wrote twice: {}", "服务太差，{}，请尽快处理。", "Nobody answered.\n{}", "it was {} again", "请联系{}", "（{}）", "still waiting {}!", "{}，多谢", "reach {} or cancel"]  # fmt: skip
SIGNATURES = [
    "The class was full again.\nKind regards,\nLena Holt", "Two weeks and no refund. Thanks, Tobias", "太失望了。此致 敬礼 署名：周敏", "I want to cancel. Sincerely, Anna Miller", "Cheers, Tom", "Attn: Sofia Marin, billing is wrong",
]  # fmt: skip
HARMLESS = [
    "买了3件 128元", "2024-05-06 下的单", "2024年5月6日 10:30", "价格从1280元涨到1580元", "等了30分钟才有人接", "打了3次电话都没人接", "电话费涨到199元", "微信支付128元", "WeChat payment failed twice", "I waited 20 minutes on the road",
    "3号线地铁到不了", "5楼的健身房太挤", "一共12.50元", "100-200元之间", "8.30-22.00 营业", "9:00-21:30", "积分12345分没了", "5 stars, way better", "QQ音乐会员", "第2栋楼很吵", "满300减40", "101路公交停在门口", "3室2厅", "rated 4.5/5 on 12/05/2024",
    "50% off on 3 items", "我在3号店买的", "商场5号门", "原价1299，现价1099", "100,000 points gone", "the line was long and slow", "online 2 hours, no reply", "signal 5 bars but app fails", "高级会员没有折扣", "我是老会员了", "我是金卡会员", "我是说价格太高",
    "何时退款", "任何人都不回", "程序总是闪退", "许多次都这样", "方便面涨价了", "平时挺好", "黄金会员很贵", "白金卡没用", "周末排队", "周一到周五不开", "江苏的店更好", "马上退款", "钱包打不开", "时间太短", "价格高于同行", "常常缺货", "于是就退了", "万一坏了怎么办",
    "Thanks, great service", "Thank you for nothing", "Regards to the team", "my name was spelled wrong", "I am Very disappointed", "I'm Done with this", "this is Ridiculous", "This is the third time", "spoke with Customer Service", "spoke to Amazon", "asked for Refund", "Mr nobody",
    "The Victoria Street store is closed", "Jordan shoes size 42", "May was good, April was not", "grace period of 14 days", "it is at example.com", "look at booking.com for prices", "met at noon", "buy 2 get 1", "version 2.10.3", "iOS 17.4.1 crashes", "size 38 instead of 39",
    "order arrived late", "my order was wrong", "the parcel of 2 kg", "ticket price 35", "case closed after 3 days", "member since 2019", "membership 2024 renewal", "card declined 3 times", "gate 12, level 3", "room 101 is cold", "since 1998-2005", "12345", "0.5 kg", "No. 7", "route 66", "3 for 2",
    "10 weeks in a row", "1st and 2nd class", "2 Way street parking", "I live at the edge of town", "send it to me", "deliver to the shop", "a rival at 199 a month", "cost 45 000 last year", "1000 1500 2000", "app@home mode", "换了2个教练", "教练很好", "老师迟到", "店长不在", "客服没人", "经理不管", "小区门口", "老板换了",
    "满意度 8分", "一二三四五六七八九", "地区差3栋", "SKU AB12 CD34 EF56", "call me 2 times", "看了5路的车", "走路要10分钟", "道理讲不通 12次", "高手很多", "龙年限定", "钱多事少", "石头一样硬", "文明服务", "康复课", "温柔一点", "马虎", "谢谢", "谢谢大家", "何必呢", "曾经很好", "陈旧的器材", "孔太小", "雷声大雨点小", "余额不对", "夏天太热", "万达店关了", "毛巾不干净", "金额不对", "向前台反映",
]  # fmt: skip


def labelled_texts() -> list[tuple[str, str, str]]:
    """(text, kind, what must not stand in it any more) of each detail in three frames, and of the signatures."""
    texts = []
    for kind, details in DETAILS.items():
        for number, detail in enumerate(details):
            texts += [
                (FRAMES[(number + shift) % len(FRAMES)].format(detail), kind, core(detail))
                for shift in (0, 4, 9)
            ]
    last = {0: "Lena Holt", 1: "Tobias", 2: "周敏", 3: "Anna Miller", 4: "Tom", 5: "Sofia Marin"}
    return texts + [(text, "NAME", last[number]) for number, text in enumerate(SIGNATURES)]


def core(detail: str) -> str:
    """The part of a detail that identifies: without the word that introduces it."""
    words = (
        r"^(?:微信号是|薇信号|威信|微信|小红书号|抖音号|加我v|加V|➕v|vx|qq号是|QQ|扣扣|wechat id|my wechat is|telegram|TG|Line ID|my insta is|Skype|身份证号|护照|passport no\.|CPF|SSN|NI number|tax id|税号|number plate"
        r"|会员卡号|member number|driver's licence|DNI|Aadhaar|学号|卡号|邮编|我叫|姓名|收件人|客服|my name is|Mrs?\.?|Dr\.|this is|I'm|会员|sales rep named|spoke with|helped by|销售|我的名字是|订单号|单号|order no\.|order|tracking number|运单|invoice)[:： #]*"
    )
    return re.sub(r"(?:先生|女士|经理)$", "", re.sub(words, "", detail))


# Written after the patterns, and none was changed for them: what a stranger to the patterns may write.
HELD_OUT = [
    ("我电话一直没换，还是一五八 2233 4455，下午打", "PHONE", "2233 4455"), ("有事短信我13 9 8 8 7 7 6655 4", "PHONE", "6655"), ("phone 07700-900-461 after six", "PHONE", "900"), ("你们回拨 0755—8899 1122", "PHONE", "8899"),
    ("ring mum on 0161 496 0345", "PHONE", "496"), ("mob: 0412 345 678", "PHONE", "345"), ("téléphone 01.42.68.53.00 merci", "PHONE", "68.53"), ("座机是八八七七六六五五", "PHONE", "八八七七六六五五"), ("call +65 6123 4567", "PHONE", "6123"), ("fax 030-901820-44", "PHONE", "901820"),
    ("手机尾号5566的那个", "PHONE", "5566"), ("我号码:186,1234,5678", "PHONE", "1234"), ("tel.: (0)20 7946 0018", "PHONE", "7946"), ("number ends 0132, full 4155550132", "PHONE", "4155550132"), ("whatsapp me +55 11 91234 5678", "PHONE", "91234"),
    ("send the invoice to p.kovac_77@mail.example.hr", "EMAIL", "kovac"), ("邮箱是 zhou.min#example.cn", "EMAIL", "zhou.min"), ("kovac AT example DOT org", "EMAIL", "kovac"), ("zhoumin88 at 163 dot com", "EMAIL", "zhoumin88"), ("zhoumin 小老鼠 example.cn", "EMAIL", "zhoumin"),
    ("my e-mail: petra@xn--bcher-kva.example", "EMAIL", "petra"), ("p.kovac@example . hr", "EMAIL", "kovac"), ("加微❤ petra_77 聊", "ACCOUNT", "petra_77"), ("v❤：zhoumin_77", "ACCOUNT", "zhoumin_77"), ("企鹅 2233445566", "ACCOUNT", "2233445566"), ("微博@周敏的小店 有图", "ACCOUNT", "周敏"),
    ("DM me @petra.kovac", "ACCOUNT", "petra.kovac"), ("my telegram handle: petrak77", "ACCOUNT", "petrak77"), ("discord petra#4471", "ACCOUNT", "4471"), ("加我 V 信 minmin2020", "ACCOUNT", "minmin2020"), ("wx同号 zm_887766", "ACCOUNT", "zm_887766"), ("snap: petra_k7", "ACCOUNT", "petra_k7"),
    ("ID card 440106 1990 0307 0012", "IDNO", "440106"), ("证件号：G12345678", "IDNO", "G12345678"), ("粤B·D88888 停在门口被刮", "IDNO", "D88888"), ("my NIF is 123456789", "IDNO", "123456789"), ("会员编号VIP-0088123", "IDNO", "0088123"), ("loyalty card number 6344 0098 7712", "IDNO", "0098"),
    ("National Insurance AB 12 34 56 C", "IDNO", "34 56"), ("社保卡号 330106199003070012", "IDNO", "199003"), ("卡 6217 0001 2345 6789 012 被扣", "CARD", "0001 2345"), ("visa 4012 8888 8888 1881", "CARD", "8888"), ("IBAN: FR14 2004 1010 0505 0001 3M02 606", "CARD", "1010"), ("mastercard 5555555555554444", "CARD", "5555555555"),
    ("家住鼓楼区中山北路二十八号五单元", "ADDR", "中山北路"), ("我在春江花苑12幢二楼", "ADDR", "12幢"), ("寄到成都高新区天府大道1700号", "ADDR", "1700号"), ("45 Rue Victor Hugo, 69002 Lyon", "ADDR", "Victor Hugo"), ("14 Hillcrest Close, M1 4BT", "ADDR", "Hillcrest"), ("Große Bleichen 21, Hamburg", "ADDR", "Bleichen 21"),
    ("my flat at 7 Park Row", "ADDR", "7 Park Row"), ("Unit 5, 120 George St Sydney", "ADDR", "120 George"), ("东四十条甲22号南新仓", "ADDR", "甲22号"), ("zip 94110 please", "ADDR", "94110"), ("幸福里小区七号楼", "ADDR", "七号楼"), ("Kungsgatan 44", "ADDR", "Kungsgatan"),
    ("我是周敏，上周买的", "NAME", "周敏"), ("是前台小陈让我签的", "NAME", "小陈"), ("服务员林晓燕态度好", "NAME", "林晓燕"), ("徐老师的课取消了", "NAME", "徐"), ("找了你们赵经理三次", "NAME", "赵"), ("吴建国办的卡", "NAME", "吴建国"), ("my son Petr Kovac was refused", "NAME", "Kovac"), ("Ms Petra Kovac promised", "NAME", "Kovac"),
    ("the trainer, Oliver Grant, left", "NAME", "Grant"), ("Yours, P. Kovac", "NAME", "Kovac"), ("card in the name of Zhou Min", "NAME", "Zhou Min"), ("hello this is petra kovac", "NAME", "petra kovac"), ("Best,\nTobias", "NAME", "Tobias"), ("同事马丽也退了", "NAME", "马丽"), ("欧阳娜娜说可以退", "NAME", "欧阳娜娜"), ("诸葛先生接的电话", "NAME", "诸葛"),
    ("訂單編號 A20240506789", "ORDER", "A20240506789"), ("order ref 7781-0043-21", "ORDER", "7781"), ("Bestellung 100234567", "ORDER", "100234567"), ("parcel JD0123456789012", "ORDER", "JD0123"), ("https://t.example.com/r/9f8e7d", "LINK", "9f8e7d"), ("my page example.com/u/2231", "LINK", "2231"),
]  # fmt: skip
