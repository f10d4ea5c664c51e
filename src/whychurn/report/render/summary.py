"""The answer as Markdown with a few small figures, for the page of the repository."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from whychurn.contract.files import read_json, write_whole
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.report.drawing.svg import figure_svg
from whychurn.report.page.headlines import PLACES, place_of, read_headlines
from whychurn.report.render.index_page import unanswered_lines
from whychurn.report.render.layout import dated
from whychurn.report.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FILES: Final = {"en": "SUMMARY.md", "zh": "SUMMARY.zh-CN.md"}
EXAMPLES: Final = ("index", "why")  # pages that the repository keeps as they were rendered
_LINK: Final = re.compile(r' href="([^"#?]+)[^"]*"')


def write_summary(study: StudyPaths, params: Params) -> list[Path]:
    """Write the summary in each language, with figures, to ``reports/summary``; returns the Markdown files.

    Nothing in them depends on the day or the machine, so the same results give the same bytes.
    """
    folder = study.reports / "summary"
    for made in ("figures", "pages"):
        shutil.rmtree(folder / made, ignore_errors=True)
    written = []
    for lang in (str(code) for code in params.report.languages):
        figures = _write_figures(study, params, folder / "figures", lang)
        path = folder / FILES[lang]
        with write_whole(path) as temporary:
            temporary.write_text(summary_text(study, params, lang, figures), encoding="utf-8")
        written.append(path)
        _keep_examples(study, folder / "pages", lang)
    return written


def _keep_examples(study: StudyPaths, folder: Path, lang: str) -> None:
    """Copies of the first pages for the repository; links to pages that it does not keep become plain words."""

    def kept(link: re.Match[str]) -> str:
        name = link[1].removesuffix(".html")
        return f' href="{name}.{lang}.html"' if name in EXAMPLES else ""

    for name in EXAMPLES:
        page = study.reports / lang / f"{name}.html"
        if page.exists():
            with write_whole(folder / f"{name}.{lang}.html") as temporary:
                temporary.write_text(_LINK.sub(kept, page.read_text("utf-8")), encoding="utf-8")


def summary_text(study: StudyPaths, params: Params, lang: str, figures: dict[str, str]) -> str:
    """Markdown of the summary; `figures` maps the place of a figure to its line of Markdown."""
    name = params.study.name.get(lang) or next(iter(params.study.name.values()))
    other = next(code for code in FILES if code != lang)
    parts = [
        f"# {say('delivery.index_title', lang)}",
        f"[{say('delivery.language_name', other)}]({FILES[other]})",
        dated("delivery.summary_lead", study, name, lang),
    ]
    headlines = read_headlines(study)
    for place in PLACES:
        lines = [
            _line(entry, lang)
            for key, entry in headlines.items()
            if place_of(key) == place and lang in entry["text"]
        ]
        if lines:
            parts += [f"## {say(f'delivery.place_{place}', lang)}", "\n".join(lines)]
            parts += [figures[place]] if place in figures else []
    missing = unanswered_lines(study, lang)
    if missing:
        parts += [f"## {say('delivery.unanswered_title', lang)}", "\n".join(f"- {line}" for line in missing)]
    parts += [f"## {say('delivery.rungs_title', lang)}", say("delivery.summary_rungs", lang)]
    parts += [say("delivery.summary_more", lang)]
    return "\n\n".join(parts) + "\n"


def _line(entry: dict[str, Any], lang: str) -> str:
    rung = say(f"delivery.rung_{entry['rung']}", lang)
    return f"- {entry['text'][lang]} _({rung})_"


def _write_figures(study: StudyPaths, params: Params, folder: Path, lang: str) -> dict[str, str]:
    lines = {}
    for place, draw in _figures(study, params, lang).items():
        figure = draw()
        if figure is None:
            continue
        text = say(f"delivery.summary_{place}", lang)
        with write_whole(folder / f"{place}.{lang}.svg") as temporary:
            temporary.write_text(figure_svg(figure, "f", text, static=True) + "\n", encoding="utf-8")
        lines[place] = f"![{text}](figures/{place}.{lang}.svg)"
    return lines


def _figures(study: StudyPaths, params: Params, lang: str) -> dict[str, Callable[[], Figure | None]]:
    """Place on the index -> drawing, None where there is nothing to draw."""
    from whychurn.report.causes.charts.shares import draw_shares
    from whychurn.report.causes.sentences.shares import six
    from whychurn.report.retention.charts import draw_rates, draw_steps
    from whychurn.report.risk.charts import draw_features

    def table(name: str, needs: str) -> pd.DataFrame:
        path = study.results / f"{name}.parquet"
        frame = pd.read_parquet(path) if path.exists() else pd.DataFrame({needs: []})
        return frame if frame[needs].fillna(0).ne(0).any() else frame.iloc[:0]

    def shares() -> Figure | None:
        frame = table("cause_shares", "share")
        known = six(frame) if len(frame) else frame
        return None if known.empty else draw_shares(frame, lang)

    def rates() -> Figure | None:
        frame, facts = table("retention_rates", "rate"), study.processed / "panel.json"
        if frame.empty or not facts.exists():
            return None
        frame = frame[
            (frame["definition"] == read_json(facts)["definition"]) & (frame["period_kind"] == "month")
        ]
        return None if frame.empty else draw_rates(frame, lang)

    def steps() -> Figure | None:
        frame = table("lifecycle_steps", "members_lost")
        return None if frame.empty else draw_steps(frame, lang, params.study.currency)

    def features() -> Figure | None:
        path = study.results / "risk_shap_features.parquet"
        frame = pd.read_parquet(path) if path.exists() else pd.DataFrame()
        return None if frame.empty else draw_features(frame, lang)

    return {"why": shares, "how_many": rates, "when": steps, "who_next": features}
