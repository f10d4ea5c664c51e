"""Notebooks executed and laid out, in both languages, for a study that lies elsewhere."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.report.page.headlines import merge_headlines, read_headlines
from whychurn.report.render.execute_cells import execute_cells
from whychurn.report.render.layout import _number_headings
from whychurn.report.render.render_reports import check_results, render_reports
from whychurn.report.render.summary import write_summary

ANSWERS = """# %% [markdown] tags=["en"]
# # Who leaves
#
# How many leave?

# %% [markdown] tags=["zh"]
# # 谁在流失
#
# 有多少会员流失？

# %%
import pandas as pd

from whychurn.report.drawing.theme import ACCENT, new_figure, themed
from whychurn.report.page.report_page import Page

page = Page.open()
zh = page.lang == "zh"
page.answer("共 **3** 人" if zh else "**3** members")
page.headline("how_many.left", 3, "流失 **3** 人" if zh else "**3** left")

# %% [markdown] tags=["en"]
# ## Evidence
#
# See the figure.

# %% [markdown] tags=["zh"]
# ## 依据
#
# 见下图。

# %%
with themed():
    figure, (axes,) = new_figure(8, 3)
    axes.barh(["产品与服务", "生活变化"], [3, 2], color=ACCENT)
page.figure(figure, title="f", alt="two bars", rung="described")
frame = pd.DataFrame({"who": ["c", "a", "b", "d"], "n": [30, 200, None, 5], "day": pd.to_datetime(["2025-01-02"] * 4)})
frame.loc[3, "who"] = '=1+1,"x"'
page.table(frame, name="members", title="t", rung="described", formats={"n": "int"}, limit=3)
print("printed <b>")

# %%
frame["n"].sum()
"""
FRESH = """# %% [markdown] tags=["en"]
# # Later

# %% [markdown] tags=["zh"]
# # 之后

# %%
print("leaked" if "frame" in globals() else "fresh")
"""
INTAKE = {
    "observed_until": "2025-12-31",
    "questions": [
        {"id": "who_left", "answerable": True, "missing": [], "missing_columns": []},
        {"id": "complaints", "answerable": False, "missing": ["feedback"], "missing_columns": []},
    ],
}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with spaces and Chinese in its path, rendered from two small notebooks."""
    root = tmp_path_factory.mktemp("reports") / "我的 study & co"
    (root / "data" / "interim").mkdir(parents=True)
    (root / "data" / "interim" / "intake.json").write_text(json.dumps(INTAKE), encoding="utf-8")
    (root / "params.yaml").write_text("study: {name: {en: A & B <gym>, zh: 甲乙}}\n", encoding="utf-8")
    folder = root / "notebooks"
    folder.mkdir()
    (folder / "30_fresh.py").write_text(FRESH, encoding="utf-8")
    (folder / "20_who.py").write_text(ANSWERS, encoding="utf-8")
    _render(root)
    return root


def _render(root: Path, **options: list[str]) -> list[Path]:
    study = StudyPaths(root)
    return render_reports(study, load_params(study), folder=root / "notebooks", **options)  # type: ignore[arg-type]


def _page(root: Path, name: str) -> str:
    return (root / "reports" / name).read_text(encoding="utf-8")


def test_all_pages_are_written(rendered: Path) -> None:
    pages = sorted(path.relative_to(rendered / "reports").as_posix() for path in rendered.rglob("*.html"))
    names = [
        "20_who.html",
        "30_fresh.html",
        "index.html",
        "keep.html",
        "sure.html",
        "who.html",
        "why.html",
    ]
    assert pages == sorted(
        [*(f"en/{name}" for name in names), *(f"zh/{name}" for name in names), "index.html"]
    )


def test_each_page_speaks_one_language(rendered: Path) -> None:
    english, chinese = _page(rendered, "en/20_who.html"), _page(rendered, "zh/20_who.html")
    assert '<html lang="en">' in english
    assert '<html lang="zh-CN">' in chinese
    assert "How many leave?" in english
    assert "How many leave?" not in chinese
    assert "有多少会员流失" in chinese
    assert "<strong>3</strong> 人" in chinese
    assert 'href="../zh/20_who.html"' in english
    assert 'href="../en/20_who.html"' in chinese


def test_outputs_are_kept_and_printed_text_is_escaped(rendered: Path) -> None:
    page = _page(rendered, "en/20_who.html")
    assert "printed &lt;b&gt;" in page
    assert "<pre>np.float64(235.0)</pre>" in page
    assert "<svg" in page
    assert ">产品与服务</text>" in page


def test_contents_link_to_headings(rendered: Path) -> None:
    page = _page(rendered, "zh/20_who.html")
    anchor = re.search(r'<li><a href="#(s\d+)">依据</a>', page)
    assert anchor is not None
    assert f'<h2 id="{anchor.group(1)}">依据</h2>' in page


def test_an_anchor_of_a_heading_is_that_of_the_heading() -> None:
    """What nbconvert leaves of it would turn all that follows into a link."""
    body, contents = _number_headings('<h2>A</h2><h2><a id="groups" />B</h2><h3>C</h3>')
    assert body == '<h2 id="s1">A</h2><h2 id="groups">B</h2><h3 id="s3">C</h3>'
    assert contents == [{"anchor": "s1", "text": "A"}, {"anchor": "groups", "text": "B"}]


def test_each_notebook_has_a_namespace_of_its_own(rendered: Path) -> None:
    assert "<pre>fresh" in _page(rendered, "en/30_fresh.html")


def test_index_opens_with_the_answer_and_what_is_missing(rendered: Path) -> None:
    page = _page(rendered, "en/index.html")
    places = ["<h1>", "<strong>3</strong> left", 'id="reports"', "sure.html#unanswered"]
    assert [page.index(text) for text in places] == sorted(page.index(text) for text in places)
    assert page.count('bk-missing"') == 5, "no stage has run here"
    assert "<code>feedback</code> is missing" in _page(rendered, "en/sure.html")
    assert "A &amp; B &lt;gym&gt;" in page
    assert "<gym>" not in page


def test_pages_for_reviewers_lead_to_each_other_and_to_the_notebooks(rendered: Path) -> None:
    for lang in ("en", "zh"):
        for name in ("index", "why", "keep", "who", "sure", "20_who"):
            page = _page(rendered, f"{lang}/{name}.html")
            top = page[page.index("<header") : page.index("</header>")]
            assert re.findall(r'<a href="(\w+)\.html"', top) == [
                "index",
                "why",
                "keep",
                "who",
                "sure",
                "20_who",
                "30_fresh",
            ]
            assert top.count("aria-current") == 1
    keep = _page(rendered, "zh/keep.html")
    assert "尚未分析什么能留住会员" in keep, "no stage has run here"
    assert "A &amp; B &lt;gym&gt;" in _page(rendered, "en/who.html")


def test_the_repository_keeps_the_first_page_without_links_into_the_study(rendered: Path) -> None:
    study = StudyPaths(rendered)
    write_summary(study, load_params(study))
    for lang in ("en", "zh"):
        kept = _page(rendered, f"summary/pages/index.{lang}.html")
        assert "<strong>3</strong>" in kept
        assert {link for link in re.findall(r'href="([^"]+)"', kept) if link[0] != "#"} == {
            f"index.{lang}.html",
            f"why.{lang}.html",
        }


def test_chooser_knows_the_languages(rendered: Path) -> None:
    page = _page(rendered, "index.html")
    assert 'href="en/index.html"' in page
    assert 'href="zh/index.html"' in page


def test_nothing_is_asked_of_other_addresses(rendered: Path) -> None:
    for path in rendered.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert not re.findall(r"""(?:src|href|action)=["']?(?:https?:)?//""", page)
        assert not re.findall(r"url\(\s*[\"']?(?!#)|@import|<link|<iframe", page)


def test_one_page_again_gives_the_same_bytes_and_leaves_the_rest(rendered: Path) -> None:
    before = {path: path.read_bytes() for path in (rendered / "reports").rglob("*.*")}
    written = _render(rendered, languages=["zh"], notebooks=["20_who"])
    assert {path.parent.name for path in written} == {"zh", "reports"}
    assert set(read_headlines(StudyPaths(rendered))["how_many.left"]["text"]) == {"en", "zh"}
    assert {path: path.read_bytes() for path in (rendered / "reports").rglob("*.*")} == before


def test_sources_and_project_are_left_alone(rendered: Path) -> None:
    assert (rendered / "notebooks" / "20_who.py").read_text(encoding="utf-8") == ANSWERS
    assert not list(rendered.rglob("*.tmp"))
    assert not list(rendered.rglob("*.ipynb"))
    assert not (PROJECT / "reports" / "en" / "20_who.html").exists()


def test_failing_cell_names_notebook_cell_and_error() -> None:
    notebook = new_notebook(
        cells=[new_code_cell("x = 1"), new_markdown_cell("# T"), new_code_cell("\n1 / 0")]
    )
    with pytest.raises(WhychurnError, match=r"20_bad, code cell 2 .*`1 / 0`.*ZeroDivisionError"):
        execute_cells(notebook, "20_bad", {})


def test_cell_that_is_no_python_is_an_error_too() -> None:
    with pytest.raises(WhychurnError, match=r"20_bad, code cell 1 .*SyntaxError"):
        execute_cells(new_notebook(cells=[new_code_cell("plain prose")]), "20_bad", {})


def test_cells_see_their_environment_and_nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHYCHURN_LANG", "en")
    main = sys.modules["__main__"]
    cell = new_code_cell("import os\nos.environ['WHYCHURN_LANG']")
    execute_cells(new_notebook(cells=[cell]), "20_x", {"WHYCHURN_LANG": "zh", "WHYCHURN_RECORD": "r"})
    assert cell.outputs[0]["data"]["text/plain"] == "'zh'"
    assert os.environ["WHYCHURN_LANG"] == "en"
    assert "WHYCHURN_RECORD" not in os.environ
    assert sys.modules["__main__"] is main


def test_unknown_language_names_the_known(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    with pytest.raises(WhychurnError, match="en, zh"):
        _render(tmp_path, languages=["fr"])


def test_languages_must_record_the_same_number(tmp_path: Path) -> None:
    for lang, value in (("en", 3), ("zh", 4)):
        content = {"cost.x": {"value": value, "rung": "described", "text": "t"}}
        (tmp_path / f"{lang}.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(WhychurnError, match="20_x records different headlines"):
        merge_headlines(
            StudyPaths(tmp_path), "20_x", {lang: tmp_path / f"{lang}.json" for lang in ("en", "zh")}
        )


@pytest.mark.parametrize(
    "made",
    [
        [],
        ["interim/intake.json"],
        ["results/churners.parquet"],
        ["interim/intake.json", "results/score.json"],
    ],
)
def test_a_study_without_results_is_refused_with_the_command_that_makes_them(
    tmp_path: Path, made: list[str]
) -> None:
    _touch(tmp_path, made)
    with pytest.raises(WhychurnError, match=r"no results to report[\s\S]*whychurn run"):
        check_results(StudyPaths(tmp_path))


def test_a_study_with_one_table_of_results_is_reported(tmp_path: Path) -> None:
    _touch(tmp_path, ["interim/intake.json", "results/churners.parquet"])
    check_results(StudyPaths(tmp_path))


def _touch(root: Path, names: list[str]) -> None:
    for file in (root / "data" / name for name in names):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
