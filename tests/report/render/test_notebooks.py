"""Every notebook is a short script that tells one story in both languages."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import jupytext
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.paths import PROJECT
from whychurn.contract.snapshot.study_kind import KINDS
from whychurn.report.render.notebooks import NOTEBOOKS, Source, find_notebooks, read_cells

SOURCES = find_notebooks()
CHINESE = re.compile(r"[\u4e00-\u9fff]")
MARKER = re.compile(
    r'# %%(?: \[markdown\] tags=\["(?:en|zh)"(?:, "(?:history|snapshot)")?\]| tags=\["(?:history|snapshot)"\])?'
)


def _language(cell: object) -> str | None:
    tags = cell.metadata.get("tags", [])  # type: ignore[attr-defined]
    return next((tag for tag in tags if tag not in KINDS), None)


def test_there_are_notebooks_in_reading_order() -> None:
    assert [source.name for source in SOURCES][:2] == ["10_data", "15_snapshot"]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
class TestNotebook:
    def test_is_a_short_percent_script(self, source: Source) -> None:
        text = source.path.read_text(encoding="utf-8")
        notebook = jupytext.read(source.path)
        assert notebook.metadata["jupytext"]["text_representation"]["format_name"] == "percent"
        assert notebook.metadata["kernelspec"]["name"] == "python3"
        assert len(text.splitlines()) <= 250
        assert sum(cell.cell_type == "code" for cell in notebook.cells) <= 12

    def test_markers_are_of_two_kinds(self, source: Source) -> None:
        """A cell is `# %%`, or prose of one language; a typing error in a marker would make prose a comment."""
        markers = [
            line for line in source.path.read_text(encoding="utf-8").splitlines() if line.startswith("# %")
        ]
        assert markers
        assert not [line for line in markers if not MARKER.fullmatch(line)]

    def test_no_prose_hides_in_a_code_cell(self, source: Source) -> None:
        for cell in jupytext.read(source.path).cells:
            if cell.cell_type != "code":
                continue
            comments = [line for line in cell.source.splitlines() if line.startswith("#")]
            assert len(comments) < 3, f"prose without [markdown]? {comments[0]}"
            assert not [line for line in comments if line.startswith(("# #", "# |", "# -"))]

    def test_prose_comes_in_pairs(self, source: Source) -> None:
        """Each English cell is followed by its Chinese one, with the same headings."""
        prose = [cell for cell in jupytext.read(source.path).cells if cell.cell_type == "markdown"]
        assert [_language(cell) for cell in prose] == ["en", "zh"] * (len(prose) // 2)
        for english, chinese in zip(prose[::2], prose[1::2], strict=True):
            assert not CHINESE.search(english.source)
            assert CHINESE.search(chinese.source)
            levels = [re.findall(r"^#+(?= )", cell.source, re.MULTILINE) for cell in (english, chinese)]
            assert levels[0] == levels[1]

    def test_code_is_for_both_languages_and_defines_no_class(self, source: Source) -> None:
        for cell in jupytext.read(source.path).cells:
            if cell.cell_type == "code":
                assert _language(cell) is None
                assert not [
                    node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.ClassDef)
                ]
                assert not cell.outputs

    def test_story_starts_with_a_question_and_ends_with_limits(self, source: Source) -> None:
        for lang, limits in (("en", "What this does not show"), ("zh", "没有说明什么")):
            prose = [
                cell.source for cell in read_cells(source.path, lang).cells if cell.cell_type == "markdown"
            ]
            assert prose[0].startswith("# ")
            assert source.lead(lang).rstrip("。. ").endswith(("?", "？"))
            assert limits in prose[-1].splitlines()[0]

    def test_answer_comes_before_evidence(self, source: Source) -> None:
        code = [cell.source for cell in jupytext.read(source.path).cells if cell.cell_type == "code"]
        assert "page.answer(" in code[0]


def test_no_outputs_and_no_ipynb_in_the_repository() -> None:
    assert not [path for path in NOTEBOOKS.rglob("*.ipynb") if "scratch" not in path.parts]


def test_jupyterlab_opens_scripts_as_notebooks() -> None:
    settings = (PROJECT / ".jupyter/labconfig/default_setting_overrides.json").read_text(encoding="utf-8")
    assert '"python": "Jupytext Notebook"' in settings


def test_cells_of_the_other_language_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "20_x.py"
    path.write_text(
        '# %% [markdown] tags=["en"]\n# # Title\n#\n# Why?\n\n# %% [markdown] tags=["zh"]\n# # 标题\n#\n# 第一行，\n# 第二行？\n\n'
        "# %%\nx = 1\n",
        encoding="utf-8",
    )
    english, chinese = read_cells(path, "en"), read_cells(path, "zh")
    assert [cell.source for cell in english.cells] == ["# Title\n\nWhy?", "x = 1"]
    assert [cell.source for cell in chinese.cells] == ["# 标题\n\n第一行，第二行？", "x = 1"]
    assert [cell["id"] for cell in english.cells] == ["cell-01", "cell-02"]
    source = Source("20_x", path)
    assert (source.title("zh"), source.lead("zh")) == ("标题", "第一行，第二行？")


def test_links_between_notebooks_exist_and_lead_to_pages_in_reports() -> None:
    linked = set()
    for source in SOURCES:
        linked |= set(re.findall(r"\]\((\d\d_\w+\.py)", source.path.read_text(encoding="utf-8")))
        rendered = "".join(
            cell.source for cell in read_cells(source.path, "en").cells if cell.cell_type == "markdown"
        )
        assert ".py)" not in rendered, source.name
    assert all((NOTEBOOKS / name).exists() for name in linked)


def test_unknown_notebook_is_named(tmp_path: Path) -> None:
    (tmp_path / "20_a.py").write_text("# %%\n", encoding="utf-8")
    assert [source.name for source in find_notebooks(["20_a.py"], tmp_path)] == ["20_a"]
    with pytest.raises(WhychurnError, match="30_b"):
        find_notebooks(["30_b"], tmp_path)
