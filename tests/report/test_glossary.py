"""One fixed term for each thing, in both languages: a replaced term in a text that a reader sees fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import whychurn
from whychurn.contract.causes import CAUSES
from whychurn.contract.paths import PROJECT
from whychurn.contract.yaml_files import read_yaml
from whychurn.panel.features.catalogue import load_catalogue
from whychurn.voice.causes.lexicon import load_lexicon

SOURCE = Path(whychurn.__file__).parent
# replaced term (a pattern): the fixed one
CHINESE = {
    "停留": "在会期，在会时长",
    "在会时间": "在会时长",
    "超额": "超常部分",
    "诱因": "行为痕迹",
    "后验": "概率",
    "口径|基数": "统计范围",
    "门槛": "判定天数",
    "流失者|离开者|离会(?!问卷)": "流失会员，流失",
    "离开(次数|人数|比例|率|速度)|次离开": "流失人次，流失人数，流失率",
    "退会问卷|离开问卷|离会调查": "离会问卷",
    "续约": "续费",
    "挽回": "召回（措施），回流（会员）",
    "回来": "回流",
    "征兆|迹象": "先兆",
    "因何种原因": "流失原因",
    "产品或服务": "产品与服务",
    "竞品(活动|活跃)": "竞争对手",
    "互动与情感联系": "缺少互动",
    "个性化不足": "推送不匹配",
    "自然流失": "生活变化",
    "给出原因|可指明|未下判断|无法指明": "已指明，未指明",
    "(?<!行为)痕迹": "行为痕迹",
    "可信度|可靠程度": "把握",
    "准确度|准确性": "准确率",
    "风险评分|风险分(?!组)": "流失概率",
    "(?<!推)高风险": "有流失风险",
    "风险价值": "涉险毛利",
    "随机对照(?!实验|组)|随机试验|随机测试|试验": "随机对照实验",
    "群体|价值分层": "人群，会员价值",
    "消费等级": "会员等级",
    "消息": "推送",
    "客服工单": "工单",
    "模拟世界": "模拟项目",
    "预设原因|真实原因|真实占比": "预设真值",
    "假名(?!编号)": "假名编号",
    "被画像|不同意被分析": "同意画像",
    "(?<!在)会期": "会籍",
}
ENGLISH = {
    r"\bleavings\b": "departures",
    r"\bexcess\b": "what went wrong",
    r"\bposterior": "chance",
    r"\bspells?\b": "stay",
    r"\bchurners?\b": "leaver",
    r"\bproduct or service\b": "product and service",
    r"^(Engagement|Personali[sz]ation|Competition|Cannot tell)$": "Lost touch, Wrong messages, Rivals, Not named",
    r"\brisk scores?\b": "chance to leave",
    r"\bvalue at risk\b": "margin at risk",
    r"\bspend tier\b": "tier",
    r"\brandomised (comparison|experiment)s?\b": "randomised test",
}
QUOTED = re.compile(r"`[^`]*`|\{[^{}]*\}")  # names of code, and what is filled in


def texts(node: Any, at: str) -> Iterator[tuple[str, str, str]]:
    """Place, language and text of each text below a node of a file of words."""
    if not isinstance(node, dict):
        return
    for key, inner in node.items():
        if key in ("en", "zh") and isinstance(inner, str):
            yield at, key, inner
        else:
            yield from texts(inner, f"{at}.{key}")


def of_files() -> Iterator[tuple[str, str, str]]:
    """Texts of pages, labels and questions; names of features and of what texts speak of."""
    for path in [*SOURCE.glob("report/words/*.yaml"), *SOURCE.glob("labels/*.yaml")]:
        yield from texts(read_yaml(path), path.stem)
    for name in ("contract/questions", "action/playbook/playbook"):
        yield from texts(read_yaml(SOURCE / f"{name}.yaml"), name.split("/")[-1])
    for name, table in {"feature": load_catalogue(), "concept": load_lexicon().concepts}.items():
        for row in table.to_dict("records"):
            yield from texts(row, f"{name} {row.get('concept', row.get('name'))}")


def of_prose() -> Iterator[tuple[str, str, str]]:
    """Prose cells of notebooks and paragraphs of the READMEs, code left out."""
    for path in sorted((PROJECT / "notebooks").glob("[0-9]*.py")):
        for cell in path.read_text(encoding="utf-8").split("# %%")[1:]:
            tags = re.match(r' \[markdown\] tags=\["(en|zh)"', cell)
            if tags:
                yield path.stem, tags[1], cell.split("\n", 1)[1]
    for name, lang in {"README.md": "en", "README.zh-CN.md": "zh"}.items():
        text = (PROJECT / name).read_text(encoding="utf-8")
        yield name, lang, re.sub(r"```.*?```|<!-- .*? -->|\]\([^)]*\)", "", text, flags=re.DOTALL)


def replaced(lang: str, text: str) -> list[str]:
    """What the text says with a replaced term, and the fixed one."""
    terms = CHINESE if lang == "zh" else ENGLISH
    flags = 0 if lang == "zh" else re.IGNORECASE
    shown = QUOTED.sub("…", text)
    return [
        f"{found[0]} → {fixed}"
        for term, fixed in terms.items()
        if (found := re.search(term, shown, flags)) is not None
    ]


@pytest.mark.parametrize("source", [of_files, of_prose])
def test_no_text_holds_a_replaced_term(source: Any) -> None:
    found = [f"{at} {lang}: {', '.join(w)}" for at, lang, text in source() if (w := replaced(lang, text))]
    assert not found, "\n".join(found)


def test_each_text_is_there_in_both_languages() -> None:
    """A comma without quotes makes keys of its own of what follows it."""
    languages: dict[str, list[str]] = {}
    for at, lang, text in of_files():
        languages.setdefault(at, []).extend([lang] * bool(text.strip()))
    assert [at for at, held in languages.items() if sorted(held) != ["en", "zh"]] == []
    for path in [*SOURCE.glob("report/words/*.yaml"), *SOURCE.glob("labels/*.yaml")]:
        entries = read_yaml(path) or {}
        assert [key for key, entry in entries.items() if set(entry) != {"en", "zh"}] == [], path.stem
    names = read_yaml(SOURCE / "voice/causes/lexicon.yaml")
    held = [concept["name"] for cause in CAUSES for concept in names[cause].values()]
    assert len(held) > 20 and all(set(name) == {"en", "zh"} for name in held)


def test_texts_of_every_kind_are_read() -> None:
    places = {re.split(r"[. ]", at)[0] for at, _, _ in [*of_files(), *of_prose()]}
    assert places >= {
        "causes",
        "action",
        "playbook",
        "questions",
        "feature",
        "concept",
        "50_causes",
        "README",
    }
    assert len(list(of_prose())) > 100


@pytest.mark.parametrize(
    ("lang", "text", "wrong"),
    [
        ("zh", "会员会停留多久", True),
        ("zh", "在会期", False),
        ("zh", "离会问卷", False),
        ("zh", "离会人数", True),
        ("zh", "与行为痕迹同时出现", False),
        ("zh", "随机对照试验", True),
        ("en", "Of 10 leavings, 3", True),
        ("en", "when leaving costs nothing", False),
        ("en", "see `spells` and {excess}", False),
        ("en", "Engagement", True),
        ("en", "engagement of the team", False),
    ],
)
def test_a_replaced_term_is_found_and_nothing_else(lang: str, text: str, wrong: bool) -> None:
    assert bool(replaced(lang, text)) is wrong
