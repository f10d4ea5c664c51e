"""The rendered reports of the demo: complete, self-contained, small, in the right language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from whychurn.contract.paths import Study
from whychurn.contract.words import LANGUAGES
from whychurn.delivery.layout import CODES
from whychurn.delivery.notebooks import find_notebooks

REPORTS = Study.at().reports
PAGES = sorted(path for lang in LANGUAGES for path in (REPORTS / lang).glob("*.html"))
pytestmark = pytest.mark.skipif(not PAGES, reason="no rendered reports: run `make reproduce` first")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def _visible(page: str) -> str:
    """Text a reader sees, without code, script and style."""
    page = re.sub(
        r"<(script|style|details class=\"code\")\b.*?</(script|style|details)>", " ", page, flags=re.DOTALL
    )
    return re.sub(r"<[^>]+>", " ", page)


def test_every_notebook_has_a_page_in_every_language() -> None:
    wanted = {f"{lang}/{name}.html" for lang in LANGUAGES for name in [*_names(), "index"]}
    assert wanted <= {path.relative_to(REPORTS).as_posix() for path in PAGES}


def _names() -> list[str]:
    return [source.name for source in find_notebooks()]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: f"{path.parent.name}/{path.stem}")
class TestPage:
    def test_needs_nothing_beside_it(self, path: Path) -> None:
        page = path.read_text(encoding="utf-8")
        assert not re.findall(r"""(?:src|href|action)=["']?(?:https?:)?//""", page)
        assert not re.findall(r"url\(\s*[\"']?(?!#)|@import|<link|<iframe|<img[^>]+src=\"(?!data:)", page)

    def test_links_lead_somewhere(self, path: Path) -> None:
        page = path.read_text(encoding="utf-8")
        anchors = set(re.findall(r'\bid="([^"]+)"', page))
        for target in set(re.findall(r'<a [^>]*href="([^"]+)"', page)):
            place, _, anchor = target.partition("#")
            assert not place or (path.parent / place).exists(), target
            assert place or anchor in anchors, target

    def test_is_small(self, path: Path) -> None:
        assert path.stat().st_size <= 1_500_000

    def test_speaks_its_language(self, path: Path) -> None:
        page, lang = path.read_text(encoding="utf-8"), path.parent.name
        assert f'<html lang="{CODES[lang]}">' in page
        found = len(CHINESE.findall(_visible(page)))
        assert (
            found > 200 if lang == "zh" else found <= 20
        )  # the other language's name; regions may be Chinese

    def test_figures_have_words_and_real_text(self, path: Path) -> None:
        page = path.read_text(encoding="utf-8")
        for opening in re.findall(r"<svg[^>]*>", page):
            assert re.search(r'aria-label="[^"]{10,}"', opening)
        ids = re.findall(r'\bid="([^"]+)"', page)
        assert len(ids) == len(set(ids))

    def test_shows_no_error_and_no_empty_number(self, path: Path) -> None:
        text = _visible(path.read_text(encoding="utf-8"))
        assert not re.findall(r"\bnan\b|\bNaN\b|\bNaT\b|Traceback|&lt;NA&gt;|\{\w+\}|DataFrame", text)
