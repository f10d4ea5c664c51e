"""What a notebook writes on: results in, answers, claims, figures and tables out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from IPython.core.getipython import get_ipython
from IPython.display import HTML, display

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json, read_result, write_json
from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import StudyPaths
from whychurn.report.page.headlines import place_of
from whychurn.report.page.html_pieces import (
    answer_box,
    claim_line,
    figure_box,
    first_sentence,
    unanswered_line,
)
from whychurn.report.page.html_table import table_html
from whychurn.report.page.unanswered_questions import missing_words, question_words
from whychurn.report.page.wording import Wording
from whychurn.report.words import LANGUAGES, has_words, say
from whychurn.report.words.value_names import names_in, with_value_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# the renderer sets these for the notebook it executes; in JupyterLab only the first two, if at all
LANG: Final = "WHYCHURN_LANG"
RECORD: Final = "WHYCHURN_RECORD"  # file that takes the headlines of the executed notebook
TEMPLATE: Final = Path(__file__).parent / "template"
FACTS: Final = {"intake": "interim", "panel": "processed"}  # the rest lie in data/results


class Page(Wording):
    """One report in one language, written from a notebook; works alike in JupyterLab and in rendering.

    Text given to `answer`, `claim`, `headline` and notes may hold ``**strong**`` and `` `code` ``; all else
    is escaped. Numbers go through `format`, words through `say`.
    """

    def __init__(self, study: StudyPaths, params: Params, lang: str) -> None:
        super().__init__(lang, params.study.currency, params.privacy.min_cell, params.run.confidence)
        self.study, self.params = study, params
        self._figures = self._tables = 0
        self._last = (0, "")  # cell and rung of the last claim
        self._headlines: dict[str, Any] = {}

    @classmethod
    def open(cls) -> Page:
        """Page for the study and language that the environment names (default: the demo, English)."""
        study = StudyPaths.at()
        lang = os.environ.get(LANG, LANGUAGES[0])
        if lang not in LANGUAGES:
            raise WhychurnError(
                f"no reports in {lang!r}", remedy=f"set {LANG} to one of {', '.join(LANGUAGES)}"
            )
        if RECORD not in os.environ:  # in JupyterLab the page brings its look along
            look = "".join((TEMPLATE / f"{name}.css").read_text("utf-8") for name in ("pieces", "components"))
            display(HTML(f"<style>{look}</style>"))
        return cls(study, load_params(study), lang)

    # what earlier stages found

    def rows(self, name: str) -> pd.DataFrame:
        """Result table `name`, empty (without columns) where there is none."""
        found = self.results(name)
        return pd.DataFrame() if found is None else found

    def results(self, name: str) -> pd.DataFrame | None:
        """Table ``data/results/<name>.parquet``, values under their names; None where this study has none.

        Raises
        ------
        WhychurnError
            If the table was written by another version.
        """
        path = self.study.results / f"{name}.parquet"
        if not path.exists():
            return None
        return with_value_names(read_result(path), names_in(self.params.study.values, self.lang))

    def processed(self, name: str) -> pd.DataFrame | None:
        """Table ``data/processed/<name>.parquet``; None where this study has none."""
        return _read(self.study.processed / f"{name}.parquet")

    def interim(self, name: str) -> pd.DataFrame | None:
        """Table ``data/interim/<name>.parquet``; None where this study has none."""
        return _read(self.study.interim / f"{name}.parquet")

    def facts(self, name: str) -> dict[str, Any]:
        """``intake.json``, ``panel.json`` or ``data/results/<name>.json``; empty if the study has none."""
        path = self.study.root / "data" / FACTS.get(name, "results") / f"{name}.json"
        return read_json(path) if path.exists() else {}

    # words and numbers

    def caption(self, key: str) -> dict[str, str]:
        """Title and description of a figure: the words of `key` and of ``<key>_alt``."""
        return {"title": self.say(key), "alt": self.say(f"{key}_alt")}

    def columns(self, frame: pd.DataFrame, section: str = "delivery") -> dict[str, str]:
        """Headings of `frame`: the words ``<section>.column_<name>``, where they exist."""
        keys = {name: f"{section}.column_{name}" for name in frame.columns}
        return {name: self.say(key) for name, key in keys.items() if has_words(key)}

    # what the reader sees

    def answer(self, text: str) -> None:
        """The answer of the report in a box; an empty line starts a new paragraph."""
        display(HTML(answer_box(text, self.lang)))

    def claim(self, rung: str, text: str) -> None:
        """One sentence; the first of its rung in a cell has the badge: described, associated, attributed or caused."""
        place = _place(rung)
        display(HTML(claim_line(rung, text, self.lang, marked=not place[0] or place != self._last)))
        self._last = place

    def claims(self, rung: str, lines: Sequence[str]) -> None:
        """Several sentences of one rung."""
        for line in lines:
            self.claim(rung, line)

    def figure(
        self,
        fig: Figure,
        *,
        title: str,
        alt: str,
        rung: str,
        note: str | None = None,
        found: Sequence[str] = (),
    ) -> None:
        """Figure with its caption; `alt` says what it shows to those who cannot see it.

        Of what was `found` in it, the first sentence is the caption, in place of `title`; the others stand below as claims.
        """
        from whychurn.report.drawing.svg import figure_svg

        self._figures += 1
        title, *others = (*first_sentence(found[0]), *found[1:]) if found else (title,)
        svg = figure_svg(fig, f"f{self._figures}", alt)
        display(HTML(figure_box(svg, self._figures, title, rung, self.lang, note)))
        self._last = _place(rung)  # the caption has the badge of what is said below
        self.claims(rung, [line for line in others if line])

    def table(
        self,
        frame: pd.DataFrame,
        *,
        name: str,
        title: str,
        rung: str,
        labels: Mapping[str, str] | None = None,
        formats: Mapping[str, str] | None = None,
        limit: int | None = None,
    ) -> None:
        """Sortable table with CSV download; see `tables.table_html`.

        A column ``suppressed`` (`contract.suppression`) is not shown: empty cells of its rows read “<10”.
        """
        self._tables += 1
        display(
            HTML(
                table_html(
                    frame,
                    name=name,
                    number=self._tables,
                    title=title,
                    rung=rung,
                    lang=self.lang,
                    currency=self.params.study.currency,
                    min_cell=self.params.privacy.min_cell,
                    labels=labels,
                    formats=formats,
                    limit=limit,
                )
            )
        )

    def unanswered(self, question_id: str) -> None:
        """Say which data are missing for a question; nothing where it can be answered."""
        found = [entry for entry in self.facts("intake").get("questions", []) if entry["id"] == question_id]
        if not found or found[0]["answerable"]:
            return
        question = question_words(question_id, self.lang)
        missing = missing_words(found[0], self.lang)
        text = say("delivery.unanswered", self.lang, question=question, missing=missing)
        display(HTML(unanswered_line(text, self.lang)))

    def headline(self, key: str, value: Any, text: str, rung: str = "described") -> None:
        """Record a number that the index and the summary quote, and that a test holds against results files.

        Shows nothing. `key` is ``<place>.<what>``: the place on the index is one of ``why``, ``what_keeps``,
        ``how_many``, ``when``, ``who_next``, ``cost``, ``changed``, ``how_sure``; `text` is the sentence there, its number in
        ``**bold**``; `value` is the plain number.

        Raises
        ------
        WhychurnError
            If `key` names no place.
        """
        place_of(key)
        plain = value.item() if hasattr(value, "item") else value
        self._headlines[key] = {"value": plain, "rung": rung, "text": text}
        record = os.environ.get(RECORD)
        if record:
            write_json(self._headlines, Path(record))


def _place(rung: str) -> tuple[int, str]:
    """Number of the cell that runs (none outside a notebook) and a rung."""
    shell = get_ipython()
    return (shell.execution_count if shell else 0, rung)


def _read(path: Path) -> pd.DataFrame | None:
    return pd.read_parquet(path) if path.exists() else None
