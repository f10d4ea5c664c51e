"""No word is kept that nothing can say."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import whychurn
from whychurn.contract.paths import PROJECT
from whychurn.contract.yaml_files import read_yaml
from whychurn.labels import listed, prose
from whychurn.report.words import say, say_or, within

SOURCE = Path(whychurn.__file__).parent
ANY = r"[\w/]+"  # what an f-string may put in


def test_every_word_can_be_named_by_code_a_notebook_or_a_template() -> None:
    words = [
        (path.stem, name)
        for folder in ("labels", "report/words")
        for path in (SOURCE / folder).glob("*.yaml")
        for name in read_yaml(path)
    ]
    literals, patterns = named()
    # f"survival.{key}": a function that puts the section before a name, so that the name alone stands elsewhere
    wrapped = {section for section, _ in words if rf"{section}\.{ANY}" in patterns}
    whole = [
        pattern
        for pattern in patterns
        if "\\." in pattern and not re.fullmatch(r"\S+\\\." + re.escape(ANY), pattern)
    ]
    bare = [pattern for pattern in patterns if "\\." not in pattern and len(pattern.replace(ANY, "")) > 3]

    def sayable(section: str, name: str) -> bool:
        key = f"{section}.{name}"
        if key in literals or any(re.fullmatch(pattern, key) for pattern in whole):
            return True
        inside = name in literals or any(re.fullmatch(pattern, name) for pattern in bare)
        return section in wrapped and inside

    assert [f"{section}.{name}" for section, name in words if not sayable(section, name)] == []


def named() -> tuple[set[str], set[str]]:
    """Words and keys that stand in code and templates, and f-strings as patterns."""
    templates = " ".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.j2"))
    literals = set(re.findall(r"[\w.]+", templates.replace("words.", "")))
    patterns = set()
    for path in [*SOURCE.rglob("*.py"), *(PROJECT / "notebooks").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals.update(re.findall(r"[\w.]+", node.value))
            elif isinstance(node, ast.JoinedStr):
                parts = (re.escape(v.value) if isinstance(v, ast.Constant) else ANY for v in node.values)
                patterns.add("".join(map(str, parts)))
    return literals, patterns


def test_a_name_without_words_stays_as_it_is() -> None:
    assert say_or("causes.price", "zh", "price") == read_yaml(SOURCE / "labels/causes.yaml")["price"]["zh"]
    assert say_or("retention.segment_gold card", "en", "gold card") == "gold card"
    assert say_or("nowhere.at_all", "en", "as given") == "as given"


def test_names_of_causes_and_actions_have_a_capital_only_where_a_sentence_begins() -> None:
    assert (
        within("Product and service, Price match and Thanks") == "product and service, price match and thanks"
    )
    assert within("SMS and Priceless") == "SMS and Priceless"
    causes = listed(["Price", "Lost touch", "Rivals"], "en")
    assert causes == "Price, Lost touch and Rivals"
    assert say("index.head_tie", "en", causes=causes).startswith("Price, lost touch and rivals cost most")
    assert say("why.head_attributed", "en", share="26", cause="Price").endswith("26 left over price.")
    assert say("causes.claim_same_first", "en", cause="Price").startswith("**Price** comes first")
    assert "“Price”" in say("causes.fact_said_survey", "en", cause="Price")
    assert "Price" in say("why.head_attributed", "zh", share="26", cause="Price")


def test_names_and_sentences_stand_beside_each_other_as_the_language_has_it() -> None:
    assert (
        listed(["a"], "en") == "a"
        and listed(["a", "b"], "en") == "a and b"
        and listed(["甲", "乙"], "zh") == "甲、乙"
    )
    assert prose(["One.", "", "Two."], "en") == "One. Two." and prose(["一。", "二。"], "zh") == "一。二。"
