"""Encodings are told by evidence, said with a word, and can be set."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whychurn.contract.errors import WhychurnError
from whychurn.intake.read.files.character_sets import rank_encodings
from whychurn.intake.read.files.delimited import encoding_notices, read_delimited
from whychurn.intake.read.files.encoding import Decoded, decode, example_word
from whychurn.intake.read.raw_table import Hints
from whychurn.labels import say

PLACES = {
    "gb18030": ("城市,来源", ["北京,线上", "上海,门店", "广州,朋友推荐"]),
    "big5": ("地區,來源", ["臺北市,網路", "高雄市,門市", "臺南縣,朋友介紹"]),
    "shift_jis": ("地域,商品", ["東京都,シャツ", "大阪府,くつした", "北海道,帽子"]),
    "euc_jp": ("地域,商品", ["東京都,シャツ", "大阪府,くつした", "北海道,ぼうし"]),
    "euc_kr": ("지역,상품", ["서울,셔츠", "부산,양말", "대구,모자"]),
    "cp1252": ("Ort;Grund", ["Köln;zu teuer für mich", "Besançon;qualité décevante", "Málaga;más barato"]),
    "cp1250": ("miasto;powód", ["Łódź;za drogo", "Kraków;przeprowadzka", "Gdańsk;jakość"]),
    "cp1251": ("город;причина", ["Москва;дорого", "Казань;переезд", "Самара;качество"]),
    "koi8_r": ("город;причина", ["Москва;дорого", "Казань;переезд", "Самара;качество"]),
    "cp1253": ("πόλη;λόγος", ["Αθήνα;ακριβό", "Πάτρα;μετακόμιση", "Βόλος;ποιότητα"]),
    "cp850": ("Ort;Grund", ["München;zu teuer für mich", "Köln;größere Auswahl", "Düren;Umzug"]),
}


@pytest.mark.parametrize("encoding", sorted(PLACES))
def test_tables_of_many_countries_are_read_and_the_encoding_is_said(encoding) -> None:
    header, rows = PLACES[encoding]
    raw = read_delimited("\n".join([header, *rows]).encode(encoding), "members.csv")
    delimiter = ";" if ";" in header else ","
    assert list(raw.frame.columns) == header.split(delimiter)
    assert raw.frame.iloc[:, 0].tolist() == [row.split(delimiter)[0] for row in rows]
    told = dict(raw.notices)
    assert raw.encoding == encoding
    assert "notice_encoding" in told or "decide_encoding" in told
    assert {"notice_encoding": 1, "decide_encoding": 1}.keys() & told.keys()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_unicode_needs_no_word(encoding) -> None:
    raw = read_delimited("会员号,城市\na,北京\nb,上海\n".encode(encoding) * 1, "m.csv")
    assert raw.frame["城市"].tolist() == ["北京", "上海"]
    assert not raw.notices


@given(
    st.lists(
        st.sampled_from(
            ["北京", "上海", "广州", "深圳", "成都", "价格太高", "服务不好", "搬家", "没有时间", "质量问题"]
        ),
        min_size=2,
    ),
    st.sampled_from(["gb18030", "gbk", "gb2312"]),
)
def test_chinese_words_survive_the_encodings_of_the_mainland(words, encoding) -> None:
    text = "no,word\n" + "".join(f"{n},{word}\n" for n, word in enumerate(words))
    assert decode(text.encode(encoding)).text.decode() == text


def test_the_user_may_state_the_encoding() -> None:
    content = "id,Ort\na,Łódź\n".encode("cp1250")
    raw = read_delimited(content, "m.csv", Hints(encoding="cp1250"))
    assert (raw.frame["Ort"].tolist(), raw.encoding, raw.notices) == (["Łódź"], "cp1250", ())
    with pytest.raises(WhychurnError, match="'klingon', which is no encoding") as caught:
        decode(content, "klingon")
    assert "gb18030" in str(caught.value.remedy)


def test_the_word_shown_names_nobody() -> None:
    names = "id,name\n" + "".join(f"{n},客户{chr(0x4E00 + n)}\n" for n in range(30))
    assert example_word(names) == ""
    assert example_word("会员号,城市\n" + names) == "会员号"
    assert example_word("id,city\n" + "1,北京\n" * 6 + "2,张三\n") == "北京"


def test_damage_is_counted_and_doubt_is_asked() -> None:
    damaged = Decoded(b"", "utf-8", 3)
    assert encoding_notices(damaged, "f.csv", "members") == (("notice_damaged", {"file": "f.csv", "n": 3}),)
    doubt = Decoded(b"", "euc_jp", evidence="guess", example="商品", other=("big5", "齒圴"))
    ((key, values),) = encoding_notices(doubt, "f.csv", "members")
    assert key == "decide_encoding"
    assert (values["encoding"], values["other"]) == ("euc_jp", "big5")
    assert "intake.encoding: {members: euc_jp}" in say(f"intake.{key}", "en", **values)


def test_marks_of_utf32_are_not_those_of_utf16() -> None:
    text = "a,b\n1,é\n"
    for mark, name in ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF16_LE, "utf-16-le")):
        assert decode(mark + text.encode(name)).text.decode() == text


def test_bytes_are_ranked_by_what_they_would_say() -> None:
    assert rank_encodings("id,city\n1,北京\n2,上海\n".encode("gb18030"))[0][1] == "gb18030"
    assert rank_encodings("id,Ort\n1,Köln\n2,Düren\n".encode("cp1252"))[0][1] == "cp1252"
