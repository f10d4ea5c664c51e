"""A study folder: its parameters, its run, its results and reports."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd

from whychurn.api.html import html_table
from whychurn.api.study.folders import Facts, Results, TableFolder
from whychurn.api.study.member import Member, find_member
from whychurn.api.tables import Tables
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_table
from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.contract.system.processes import cores
from whychurn.contract.tables import TABLES
from whychurn.intake.preview import CheckReport, check_source

if TYPE_CHECKING:
    from whychurn.api.risk import RiskModel


@dataclass(frozen=True, eq=False)
class Check(CheckReport):
    """What fits in a study's tables, what does not, and which questions they can answer."""

    def _repr_html_(self) -> str:
        verdict = "The tables fit: a run can start." if self.fits else "The tables do not fit yet."
        if self.fits and any(self.lost.values()):
            verdict = "A run can start, but some rows, values or cells are left out."
        shown = self.tables.loc[self.tables["read"] > 0, ["table", "source", "read", "kept", "quarantined"]]
        problems = "" if self.problems.empty else html_table("Problems", self.problems)
        if self.decisions:
            problems += html_table("To be decided", pd.DataFrame({"what": self.decisions}))
        return html_table(verdict, shown) + problems + html_table("Questions", self.questions)


@dataclass(frozen=True)
class Study:
    """One programme under study.

    Parameters
    ----------
    paths
        Its folders.
    """

    paths: StudyPaths

    @property
    def params(self) -> Params:
        """Its parameters: the project's, with those of its ``params.yaml`` on top."""
        return load_params(self.paths)

    @property
    def tables(self) -> Tables:
        """The checked tables of the last run; each is read when it is asked for."""
        facts = self.facts["intake"]
        return Tables(
            TableFolder(self.paths.interim, tuple(TABLES)),
            pd.Timestamp(facts["observed_from"]),
            pd.Timestamp(facts["observed_until"]),
            read_table(self.paths.interim / "quarantine.parquet"),
        )

    @property
    def results(self) -> Results:
        """Tables of results by name; ``.describe(name)`` tells what the columns mean."""
        return Results(self.paths.results)

    @property
    def facts(self) -> Facts:
        """Figures that each stage tells of itself, such as ``facts["risk"]``."""
        return Facts(self.paths)

    def check(self) -> Check:
        """Look at the raw tables and write nothing.

        Raises
        ------
        WhychurnError
            If the source cannot be opened.
        """
        found = check_source(self.paths, self.params)
        return Check(**{one.name: getattr(found, one.name) for one in fields(found)})

    def run(self, until: str | None = None, jobs: int = 2) -> Study:
        """Bring results up to date; what did not change is skipped, a killed run resumes.

        Parameters
        ----------
        until
            Last stage wanted, such as ``causes``; all if not given.
        jobs
            Stages side by side: 1 where memory is short.

        Raises
        ------
        WhychurnError
            If parameters are wrong, raw tables are absent, or a stage fails.
        """
        from whychurn.stages.pipeline import STAGES, run_study

        if until is not None and until not in STAGES:
            raise WhychurnError(f"unknown stage {until!r}", remedy=f"choose one of {', '.join(STAGES)}")
        run_study(self.paths, until, jobs=min(jobs, cores()))
        return self

    def ask(
        self, budget: int, who: Literal["left", "at-risk"] = "left", months: int = 12, seed: int | None = None
    ) -> pd.DataFrame:
        """Members drawn by lot to be interviewed about leaving, each with the chance with which it was drawn.

        The rows, filled in, are rows of the table of surveys; `whychurn ask` writes them with a guide, and with
        the company's own ids for whoever holds the key.

        Parameters
        ----------
        budget
            How many are asked; all, where there are fewer.
        who
            Those who left lately, or members still there at high risk.
        months
            Leavers of so many months.
        seed
            Of the lot; None: run.seed.

        Raises
        ------
        WhychurnError
            If there is no run yet, no record of consent, or nobody to draw from.
        """
        from whychurn.stages.on_demand.asking import Request, ask

        today = pd.Timestamp.now().normalize()
        return ask(self.paths, self.params, Request(budget, who, months, seed), today).sheet

    def member(self, member_id: str) -> Member:
        """What happened to one member, the risk with its reasons, the causes with their evidence, the value.

        Raises
        ------
        WhychurnError
            If there is no such member.
        """
        return find_member(member_id, self.tables, self.results)

    def report(self, lang: Literal["en", "zh"] = "en") -> Path:
        """Render the reports in one language from the results that are there; returns the page to open.

        Raises
        ------
        WhychurnError
            If there are no results, or no reports in the language.
        """
        from whychurn.report.render.render_reports import check_results, render_reports

        check_results(self.paths)
        render_reports(self.paths, self.params, languages=[lang])
        return self.paths.reports / lang / "index.html"

    def model(self, name: Literal["risk"] = "risk") -> RiskModel:
        """The model that the last run wrote, from its native files.

        Raises
        ------
        WhychurnError
            If there is none; the reason is told.
        """
        from whychurn.api.risk import RiskModel

        if name != "risk":
            raise WhychurnError(f"no model {name!r}", remedy="choose 'risk'")
        return RiskModel.load(self.paths.processed / "risk_model", self.params)

    def _repr_html_(self) -> str:
        held = pd.DataFrame({"results": list(self.results)}) if len(self.results) else pd.DataFrame()
        title = f"Study {self.paths.root}" + ("" if len(held) else ": no results yet, study.run()")
        return html_table(title, held, most=len(held))


def open(path: str | os.PathLike[str] | None = None) -> Study:
    """A study folder: its parameters, results and reports.

    Parameters
    ----------
    path
        Folder with ``params.yaml`` and ``raw/``. Not given: ``$WHYCHURN_STUDY``; in a checkout of the project its demo
        study; elsewhere the present folder.

    Raises
    ------
    WhychurnError
        If there is no such folder.

    Examples
    --------
    >>> import whychurn
    >>> study = whychurn.open(folder)
    >>> study.params.run.seed
    7
    >>> list(study.results)
    []
    >>> study.results.describe("risk_scores")["p_churn"]
    'calibrated probability that the last own act, ...'
    """
    chosen = path or os.environ.get("WHYCHURN_STUDY") or (PROJECT if _in_checkout() else os.curdir)
    return Study(StudyPaths.existing(chosen))


def _in_checkout() -> bool:
    return (PROJECT / "dvc.yaml").exists() and Path.cwd().is_relative_to(PROJECT)
