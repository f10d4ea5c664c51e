"""Every notebook executed and laid out in every language, then the pages for reviewers and the index."""

from __future__ import annotations

import logging
import multiprocessing
import tempfile
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_whole
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.snapshot.study_kind import study_kind
from whychurn.contract.system.processes import cores, leave_interrupts
from whychurn.report.page.headlines import merge_headlines
from whychurn.report.render.notebooks import NOTEBOOKS, Source, find_notebooks, read_cells

log = logging.getLogger(__name__)
WORKERS: Final = 2
PRELOAD: Final = (
    "whychurn.report.render.execute_cells",
    "whychurn.report.render.action_pages",
    "whychurn.report.render.cause_pages",
    "whychurn.report.render.index_page",
    "whychurn.report.page.report_page",
    "whychurn.report.drawing.svg",
    "jupytext",
    "nbconvert.exporters.templateexporter",
)


@dataclass(frozen=True)
class Job:
    """One notebook to render in one language; `record` takes the headlines that it records."""

    source: Source
    lang: str
    study: StudyPaths
    params: Params
    record: Path

    @property
    def target(self) -> Path:
        """The page."""
        return self.study.reports / self.lang / f"{self.source.name}.html"


def check_results(study: StudyPaths) -> None:
    """Refuse a study that no run has brought as far as results.

    Raises
    ------
    WhychurnError
        If intake has not run, or nothing after it.
    """
    if not (study.interim / "intake.json").exists() or not any(study.results.glob("*.parquet")):
        raise WhychurnError(
            "there are no results to report",
            file=study.results,
            remedy="run `whychurn run` for this study first",
        )


def render_reports(
    study: StudyPaths,
    params: Params,
    languages: list[str] | None = None,
    notebooks: list[str] | None = None,
    folder: Path = NOTEBOOKS,
) -> list[Path]:
    """Render notebooks to ``reports/<language>/<notebook>.html``, and the pages for reviewers.

    Parameters
    ----------
    languages, notebooks
        All of ``params.report.languages`` and all notebooks by default.
    folder
        Where the notebooks lie.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    WhychurnError
        If a notebook or language does not exist, a cell fails, or the languages record different headlines.
    """
    every = [str(lang) for lang in params.report.languages]
    chosen = list(languages or every)
    unknown = sorted(set(chosen) - set(every))
    if unknown:
        raise WhychurnError(f"no reports in {', '.join(unknown)}", remedy=f"choose from {', '.join(every)}")
    wanted = find_notebooks(notebooks, folder, study_kind(study))
    workers = max(1, min(WORKERS, cores(), len(wanted) * len(chosen)))
    # Workers are forked from a server that has imported all and run nothing: one import, no copied threads.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOAD))
    with (
        tempfile.TemporaryDirectory(prefix="whychurn-reports-") as scratch,
        ProcessPoolExecutor(workers, mp_context=context, initializer=leave_interrupts) as pool,
    ):
        jobs = [
            Job(source, lang, study, params, Path(scratch) / f"{source.name}.{lang}.json")
            for source in wanted
            for lang in chosen
        ]
        _run_jobs(pool, jobs)
        index = pool.submit(_index, study, params, chosen, folder).result()
    return [job.target for job in jobs] + index


def _run_jobs(pool: Executor, jobs: list[Job]) -> None:
    for job, size in zip(jobs, pool.map(render_one, jobs), strict=True):
        log.info("%s (%s): %.0f kB", job.source.name, job.lang, size / 1000)
    for name in dict.fromkeys(job.source.name for job in jobs):
        mine = [job for job in jobs if job.source.name == name]
        merge_headlines(mine[0].study, name, {job.lang: job.record for job in mine})


def render_one(job: Job) -> int:
    """Execute and lay out one notebook; returns the size of the page in bytes."""
    from whychurn.report.page.report_page import LANG, RECORD
    from whychurn.report.render.execute_cells import execute_cells
    from whychurn.report.render.layout import report_html, study_frame

    environment = {
        "WHYCHURN_STUDY": str(job.study.root),
        LANG: job.lang,
        RECORD: str(job.record),
        "MPLBACKEND": "Agg",
    }
    notebook = read_cells(job.source.path, job.lang, study_kind(job.study))
    execute_cells(notebook, f"{job.source.name} ({job.lang})", environment)
    page = report_html(
        notebook, job.source, study_frame(job.study, job.params, job.lang, job.source.path.parent)
    )
    with write_whole(job.target) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return len(page.encode("utf-8"))


def _index(study: StudyPaths, params: Params, languages: list[str], folder: Path) -> list[Path]:
    from whychurn.report.render.action_pages import write_action_pages
    from whychurn.report.render.cause_pages import write_cause_pages
    from whychurn.report.render.index_page import write_index
    from whychurn.report.render.layout import study_frame

    frames = {lang: study_frame(study, params, lang, folder) for lang in languages}
    return [
        path
        for write in (write_cause_pages, write_action_pages, write_index)
        for path in write(study, params, frames)
    ]
