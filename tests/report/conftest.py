"""Notebooks of the report run on results that a test plants."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jupytext
import pytest

from whychurn.contract.files import write_json, write_table
from whychurn.contract.paths import PROJECT
from whychurn.report.page.report_page import LANG, Page


@pytest.fixture
def run_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, list[Any]]]:
    """Run a notebook's code on results (tables, facts) and return what it shows.

    Facts go to ``data/results/<facts_file>``; without facts there is no file.
    """

    def run(notebook: str, facts_file: str, results: Any, lang: str) -> dict[str, list[Any]]:
        for name, rows in results.tables.items():
            write_table(rows, tmp_path / "data" / "results" / f"{name}.parquet")
        if results.facts:
            write_json(dict(results.facts), tmp_path / "data" / "results" / facts_file)
        monkeypatch.setenv("WHYCHURN_STUDY", str(tmp_path))
        monkeypatch.setenv(LANG, lang)
        told: dict[str, list[Any]] = {"answer": [], "claim": [], "figure": [], "table": [], "headline": []}
        for kind, held in told.items():
            keep = lambda _, *given, held=held, **named: held.append((*given, *named.values()))  # noqa: E731
            monkeypatch.setattr(Page, kind, keep)
        space: dict[str, Any] = {}
        for cell in jupytext.read(PROJECT / "notebooks" / f"{notebook}.py").cells:
            if cell.cell_type == "code":
                exec(cell.source, space)
        return told

    return run
