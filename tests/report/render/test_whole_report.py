"""The rendered reports of the demo: complete, self-contained, small, in the right language."""

from __future__ import annotations

import re
from functools import cache
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.suppression import suppress_small_counts
from whychurn.contract.tables import TABLES
from whychurn.report.page.html_table import table_html
from whychurn.report.render.layout import CODES
from whychurn.report.render.notebooks import find_notebooks
from whychurn.report.words import LANGUAGES, say

REPORTS = StudyPaths.at().reports
PAGES = sorted(path for lang in LANGUAGES for path in (REPORTS / lang).glob("*.html"))
NO_REPORTS = "no rendered reports: run `make reproduce` first"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def _without_quotes(page: str) -> str:
    """The page without cells and labels of figures, which hold names and words of members, and without “quotes”."""
    return re.sub(
        r"<td\b.*?</td>|<svg\b.*?</svg>|<blockquote\b.*?</blockquote>|“[^”<]*”", "", page, flags=re.DOTALL
    )


# what a Chinese reader also writes in Latin letters: tools, methods, formats, and names that a study writes so
LATIN = {
    *TABLES,  # and settings, which are named as they are written
    *re.findall(
        r"\S+",
        """AIPW App AUC BERTopic BG BH Brier CSV CUSUM Cohen Cox DVC Dawid ECE English F1 Gamma HDBSCAN Hochberg ID K-means Kaplan
        Kendall MLflow Meier NBD NMF NPMI PR-AUC Page Parquet Python Qini RFM SHAP Skene T-learner Tan UMAP Uno X-learner
        Benjamini Yekutieli allow bootstrap deny kappa log-rank nat privacy whychurn winback""",
    ),
}


def stray_words(page: str) -> list[str]:
    """Words in Latin letters on a Chinese page that are neither a tool or method, code, nor quoted in another language."""
    page = re.sub(r"<(\w+)\b[^>]*(?:data-verbatim|lang=\"en\")[^>]*>.*?</\1>", " ", page, flags=re.DOTALL)
    page = re.sub(
        r"<(code|pre|script|style)\b.*?</\1>|<details class=\"code\".*?</details>|<a [^>]*lang=.*?</a>",
        " ",
        page,
        flags=re.DOTALL,
    )
    text = unescape(re.sub(r"<[^>]+>", " ", page))
    text = re.sub(r"[a-z_]+(\.[a-z_]+)+: \{[^}]*\}|“[^”]*”", " ", text)  # settings; words of texts and values
    words = re.findall(r"(?<![\w/.`=-])[A-Za-z][A-Za-z-]*[A-Za-z](?![\w/`=]|-\w)", text)
    return sorted({word for word in words if word not in LATIN | _own_values()})


@cache
def _own_values() -> set[str]:
    """Words in the study's own values: regions, channels, tiers as its tables write them."""
    panel = StudyPaths.at().processed / "panel.parquet"
    table = pd.read_parquet(panel) if panel.exists() else pd.DataFrame()
    texts = table.drop(columns="member_id", errors="ignore").select_dtypes(["string", "object", "category"])
    values = {str(value) for name in texts for value in texts[name].dropna().unique()}
    return {word for value in values for word in re.findall(r"[A-Za-z-]+", value)}


def _visible(page: str) -> str:
    """Text a reader sees, without code, script and style."""
    page = re.sub(
        r"<(script|style|details class=\"code\")\b.*?</(script|style|details)>", " ", page, flags=re.DOTALL
    )
    return re.sub(r"<[^>]+>", " ", page)


@pytest.mark.skipif(not PAGES, reason=NO_REPORTS)
def test_every_notebook_has_a_page_in_every_language() -> None:
    wanted = {
        f"{lang}/{name}.html"
        for lang in LANGUAGES
        for name in [*_names(), "index", "why", "keep", "who", "sure"]
    }
    assert wanted <= {path.relative_to(REPORTS).as_posix() for path in PAGES}


def _names() -> list[str]:
    return [source.name for source in find_notebooks(kind="history")]


PEOPLE = (
    *(
        f"retention.column_{name}"
        for name in ["members", "churners", "entered", "advanced", "lost", "members_lost", "events"]
    ),
    *(f"retention.column_{name}" for name in ["members_then", "buyers", "buyers_before"]),
    *(f"risk.column_{name}" for name in ("members", "events", "rows")),
    *(f"delivery.column_{name}" for name in ("members", "churners")),
    *(f"action.column_{name}" for name in ("members", "treated", "control", "untreated")),
    *(f"watch.column_{name}" for name in ("members", "leavings")),
)  # headings of columns that count members


def small_counts(page: str, lang: str, min_cell: int) -> list[str]:
    """Counts of members from 1 to below `min_cell` in the tables of a page (also in what CSV downloads hold) and in its figures."""
    headings = {say(key, lang) for key in PEOPLE}
    found = []
    for table in re.findall(r'<table class="wc-table".*?</table>', page, flags=re.DOTALL):
        heads = [unescape(re.sub(r"<[^>]+>", "", head)) for head in re.findall(r"<th.*?</th>", table)]
        for row in re.findall(r"<tr.*?</tr>", table)[1:]:
            cells = re.findall(r"<td(.*?)>", row)
            for head, cell in zip(heads, cells, strict=True):
                value = re.search(r'data-v="([\d.]+)"', cell)
                if head in headings and value and 1 <= float(value[1]) < min_cell:
                    found.append(f"{head}: {value[1]}")
    label = re.escape(say("retention.label_members_lost", lang, members="#")).replace(r"\#", r"([1-9]\d*)")
    for number in re.findall(rf">{label}<", page):
        found += [f"figure: {number}"] if int(number) < min_cell else []
    return found


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_scan_for_small_counts_finds_them(lang: str) -> None:
    frame = pd.DataFrame({"who": ["a", "b", "c"], "members": [300, 300, 300], "churners": [0, 9, 10]})
    labels = {name: say(f"retention.column_{name}", lang) for name in ("members", "churners")}
    look = {"name": "t", "number": 1, "title": "t", "rung": "described", "lang": lang, "currency": "CNY"}
    page = table_html(frame, min_cell=10, labels=labels, **look)
    assert small_counts(page, lang, 10) == [f"{labels['churners']}: 9"]
    assert (
        len(small_counts(f"<text>{say('retention.label_members_lost', lang, members='9')}</text>", lang, 10))
        == 1
    )
    hidden = suppress_small_counts(frame, {"churners": []}, 10)
    assert not small_counts(table_html(hidden, min_cell=10, labels=labels, **look), lang, 10)


def test_words_of_another_language_are_found_but_tools_code_and_quotes_are_not() -> None:
    page = '<p>渠道 parcel 的 AUC</p><td lang="en" data-verbatim>too slow</td><code>make lab</code>'
    assert stray_words(page) == ["parcel"]


@pytest.mark.skipif(not PAGES, reason=NO_REPORTS)
@pytest.mark.parametrize("path", PAGES, ids=lambda path: f"{path.parent.name}/{path.stem}")
class TestPage:
    def test_needs_nothing_beside_it(self, path: Path) -> None:
        page = path.read_text(encoding="utf-8")
        assert not re.findall(r"""(?:src|href|action)=["']?(?:https?:)?//""", page)
        assert not re.findall(r"url\(\s*[\"']?(?!#)|@import|<link|<iframe|<img[^>]+src=\"(?!data:)", page)

    def test_links_lead_somewhere(self, path: Path) -> None:
        page = path.read_text(encoding="utf-8")
        for target in set(re.findall(r'<a [^>]*href="([^"]+)"', page)):
            place, _, anchor = target.partition("#")
            assert not place or (path.parent / place.partition("?")[0]).exists(), target
            other = (path.parent / place.partition("?")[0]).read_text(encoding="utf-8") if place else page
            assert not anchor or f'id="{anchor}"' in other, target

    def test_counts_of_few_members_are_withheld(self, path: Path) -> None:
        min_cell = load_params(StudyPaths.at()).privacy.min_cell
        assert not small_counts(path.read_text(encoding="utf-8"), path.parent.name, min_cell)

    def test_is_small(self, path: Path) -> None:
        assert path.stat().st_size <= 700_000

    def test_speaks_its_language(self, path: Path) -> None:
        page, lang = path.read_text(encoding="utf-8"), path.parent.name
        assert f'<html lang="{CODES[lang]}">' in page
        if lang == "zh":
            assert len(CHINESE.findall(_visible(page))) > 200
            assert stray_words(page.split("</header>")[-1]) == []
        else:  # the other language's name, regions; members are quoted in their own words
            assert len(CHINESE.findall(_visible(_without_quotes(page)))) <= 20

    def test_figures_have_words_and_real_text(self, path: Path) -> None:
        page = path.read_text(encoding="utf-8")
        for opening in re.findall(r"<svg[^>]*>", page):
            assert re.search(r'aria-label="[^"]{10,}"', opening)
        ids = re.findall(r'\bid="([^"]+)"', page)
        assert len(ids) == len(set(ids))

    def test_shows_no_error_and_no_empty_number(self, path: Path) -> None:
        text = _visible(path.read_text(encoding="utf-8"))
        assert not re.findall(r"\bnan\b|\bNaN\b|\bNaT\b|Traceback|&lt;NA&gt;|\{\w+\}|DataFrame", text)
