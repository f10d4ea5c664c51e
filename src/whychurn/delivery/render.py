"""Notebooks and results to reports: every notebook in every language, executed and laid out, then the index."""

from __future__ import annotations

import logging
import multiprocessing
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json, write_whole
from whychurn.contract.paths import Study
from whychurn.contract.sections import Params
from whychurn.delivery.headlines import merge_headlines
from whychurn.delivery.notebooks import START, Source, find_notebooks, read_cells

log = logging.getLogger(__name__)
WORKERS: Final = 2


@dataclass(frozen=True)
class Job:
    """One notebook to render in one language."""

    source: Source
    lang: str
    root: Path
    target: Path
    record: Path
    frame: dict[str, Any]


def render_reports(
    study: Study, params: Params, languages: list[str] | None = None, notebooks: list[str] | None = None
) -> list[Path]:
    """Render notebooks to ``reports/<language>/<notebook>.html``, and the index pages.

    Parameters
    ----------
    languages, notebooks
        All of ``params.delivery.languages`` and all notebooks by default.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    WhychurnError
        If a notebook or language does not exist, a cell fails, or the languages record different headlines.
    """
    from whychurn.delivery.index import write_index

    chosen = [str(lang) for lang in languages or params.delivery.languages]
    every = [str(lang) for lang in params.delivery.languages]
    unknown = sorted(set(chosen) - set(every))
    if unknown:
        raise WhychurnError(f"no reports in {', '.join(unknown)}", remedy=f"choose from {', '.join(every)}")
    frames = {lang: study_frame(study, params, lang) for lang in chosen}
    wanted = find_notebooks(notebooks)
    with tempfile.TemporaryDirectory(prefix="whychurn-reports-") as scratch:
        jobs = [
            Job(source, lang, study.root, study.reports / lang / f"{source.name}.html",
                Path(scratch) / f"{source.name}.{lang}.json", frames[lang])
            for source in wanted
            for lang in chosen
        ]  # fmt: skip
        _run_jobs(jobs, study)
    index = write_index(study, params, frames)
    return [job.target for job in jobs] + index


def study_frame(study: Study, params: Params, lang: str) -> dict[str, Any]:
    """Navigation, words and style of a study's pages in `lang`."""
    from whychurn.contract.words import say
    from whychurn.delivery.layout import page_frame

    path = study.interim / "intake.json"
    until = read_json(path).get("observed_until", "") if path.exists() else ""
    name = params.study.name.get(lang) or next(iter(params.study.name.values()))
    footer = say("delivery.footer", lang, study=name, until=until or "–")
    languages = [str(code) for code in params.delivery.languages]
    return page_frame(lang, languages, find_notebooks(), name, footer)


def _run_jobs(jobs: list[Job], study: Study) -> None:
    """The start page last: it quotes what the other notebooks recorded."""
    workers = max(1, min(WORKERS, os.cpu_count() or 1, len(jobs)))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        for group in (
            [j for j in jobs if j.source.name != START],
            [j for j in jobs if j.source.name == START],
        ):
            for job, size in zip(group, pool.map(render_one, group), strict=True):
                log.info("%s (%s): %.0f kB", job.source.name, job.lang, size / 1000)
            for name in dict.fromkeys(job.source.name for job in group):
                merge_headlines(
                    study, name, {job.lang: job.record for job in group if job.source.name == name}
                )


def render_one(job: Job) -> int:
    """Execute and lay out one notebook; returns the size of the page in bytes."""
    from whychurn.delivery.execute import execute_cells
    from whychurn.delivery.layout import report_html
    from whychurn.delivery.page import LANG, RECORD

    environment = {
        "WHYCHURN_STUDY": str(job.root), LANG: job.lang, RECORD: str(job.record), "MPLBACKEND": "Agg",
    }  # fmt: skip
    notebook = read_cells(job.source.path, job.lang)
    execute_cells(notebook, f"{job.source.name} ({job.lang})", environment)
    page = report_html(notebook, job.source, job.frame)
    with write_whole(job.target) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return len(page.encode("utf-8"))
