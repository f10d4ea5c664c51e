"""Where errors of the shares come from: python benchmarks/perfect_records.py FOLDER [--seeds ...] [--only
TEXT] [--each].

The sound worlds of 5 000 members of `yardstick.py FOLDER`, each attributed by the additive hazard four times,
every time knowing more of what was planted: the records as they are; every exposure as it was, on record or
not; besides, the frailty of each member; besides, how the causes share all leavings. With --each,
the exposures of one cause at a time as well. Answers, texts, priors and the fit stay the same, so what one
step takes away is what not knowing it costs. Prints errors in points (estimate less planted), by difficulty.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from side_by_side import THREADS
from yardstick import SEED, World, own_form, prepare

from whychurn.causes.evidence.grounds import find_grounds
from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.exposures.block_exposures import BASES
from whychurn.causes.latent_cause.additive_hazard_em import Assumptions, fit_additive
from whychurn.causes.member_weeks.weeks_at_risk import PersonWeeks, totals_by_spell
from whychurn.causes.methods.additive_hazard import posterior
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.intake.privacy.pseudonym import find_key, pseudonyms
from whychurn.score.event_matching import match_events
from whychurn.score.ground_truth import read_ground_truth
from whychurn.score.method_answers import attributed_events
from whychurn.score.share_errors import true_shares
from whychurn.stages.causes import read_evidence
from whychurn.world.lives.simulated_lives import simulate_lives
from whychurn.world.setting.programme import load_programme
from whychurn.world.setting.scenario import Scenario

Array = np.ndarray[Any, Any]
STRATA = 12  # groups of members of similar planted frailty


@dataclass(frozen=True)
class Drawn:
    """What the simulator drew, for the spells of the evidence.

    Parameters
    ----------
    exposures
        Cause, name and matrix (weeks, members) of each exposure.
    frailty
        Of each member; (members,).
    column
        Number of the member of each spell.
    """

    exposures: list[tuple[str, str, Array]]
    frailty: Array
    column: Array


def draw_again(study: StudyPaths, params: Params, evidence: Evidence) -> Drawn:
    """Simulate the world's hazards once more: the same seed gives the same."""
    programme = load_programme(params.world.program)
    scenario = Scenario.of(params.world, programme)
    lives = simulate_lives(scenario, 0, np.arange(params.world.members) + 1)
    key = find_key(study, params.intake.source)
    ids = pd.Series(lives.members.ids)
    ids = ids if key is None or not params.privacy.pseudonymize else pseudonyms(ids, key)
    column = pd.Index(ids).get_indexer(pd.Index(evidence.spells.table["member_id"]))
    if (column < 0).any():
        raise SystemExit(
            f"{study.root}: {(column < 0).sum()} stays of members that the simulator does not draw"
        )
    exposures = [
        (cause, name, lives.history.exposures[name])
        for cause, one in programme.causes.items()
        for name in one.excess
    ]
    return Drawn(exposures, lives.hazards.frailty, column)


def knowing_exposures(
    evidence: Evidence, planted: Drawn, causes: tuple[str, ...] = tuple(CAUSES)
) -> Evidence:
    """In place of the exposures of `causes` the planted ones; the bases, and what else there is, as it was."""
    history = evidence.history
    told = [one for one in planted.exposures if one[0] in causes]
    kept = [
        number
        for number, (name, cause) in enumerate(zip(history.names, history.causes, strict=True))
        if name in BASES or CAUSES[cause] not in causes
    ]

    def put(rows: PersonWeeks) -> PersonWeeks:
        met = [
            matrix[np.clip(rows.week, 0, len(matrix) - 1), planted.column[rows.spell]]
            for _, _, matrix in told
        ]
        return replace(rows, x=np.column_stack([rows.x[:, kept], *met]))

    risk, decisions = put(history.risk), put(history.decisions)
    scale = np.ones(risk.x.shape[1])
    scale[len(kept) :] = risk.weight @ risk.x[:, len(kept) :] / risk.weight.sum()
    met = scale > 0
    risk, decisions = (
        replace(rows, x=(rows.x[:, met] / scale[met]).astype("float32")) for rows in (risk, decisions)
    )
    names = np.array([*(history.names[number] for number in kept), *(name for _, name, _ in told)])
    owners = [*history.causes[kept], *(CAUSES.index(cause) for cause, _, _ in told)]
    known = replace(
        history,
        causes=np.array(owners)[met],
        names=list(names[met]),
        scale=scale[met],
        risk=risk,
        decisions=decisions,
        at_index_date=np.zeros(
            (len(history.at_index_date), int(met.sum())), "float32"
        ),  # all spells are fitted
        totals=totals_by_spell(risk),
    )
    return replace(evidence, history=known)


def knowing_frailty(evidence: Evidence, planted: Drawn) -> Evidence:
    """Members grouped by planted frailty instead of by activity."""
    edges = np.quantile(planted.frailty, np.linspace(0, 1, STRATA + 1)[1:-1])
    group = np.searchsorted(edges, planted.frailty)[planted.column].astype("int8")
    history = evidence.history
    risk, decisions = (replace(rows, stratum=group[rows.spell]) for rows in (history.risk, history.decisions))
    return replace(
        evidence, history=replace(history, risk=risk, decisions=decisions, totals=totals_by_spell(risk))
    )


def planted_shares(study: StudyPaths, params: Params, evidence: Evidence) -> pd.Series:
    """Share of each cause among the leavings that the evidence holds, as the yardstick counts them."""
    causes = read_ground_truth(study, params).causes
    rows = attributed_events(evidence.index_dates.assign(method="-"))
    found = match_events(rows, causes[causes["status"] == "churned"])
    return true_shares(found.loc[found["spell"].notna(), "cause"]).reindex(list(CAUSES))


def run_world(world: World, folder: Path, each: bool) -> list[dict[str, Any]]:
    """Errors of one world, a row for each step of knowing more."""
    logging.basicConfig(level=logging.WARNING)
    study = StudyPaths.at(folder / "studies" / world.name)
    params = prepare(world, study, [])
    evidence = read_evidence(study, params)
    planted, truth = draw_again(study, params, evidence), planted_shares(study, params, evidence)
    exposed = knowing_exposures(evidence, planted)
    paced = knowing_frailty(exposed, planted)
    even = np.full(len(CAUSES), 1 / len(CAUSES))
    steps = [
        ("records as they are", evidence, even),
        ("every exposure", exposed, even),
        ("and the frailty", paced, even),
        ("and the totals", paced, truth.to_numpy()),
    ]
    if each:
        steps += [(f"{cause} only", knowing_exposures(evidence, planted, (cause,)), even) for cause in CAUSES]
    rows = []
    for knowing, known, total_shares in steps:
        assumed = Assumptions(total_shares=total_shares)
        fitted = fit_additive(known.history, known.labels, params.causes, assumptions=assumed)
        error = 100 * (
            posterior(known, fitted, find_grounds(known))[known.churned].mean(axis=0) - truth.to_numpy()
        )
        row = {"difficulty": world.difficulty, "knowing": knowing, "largest": np.abs(error).max()}
        rows.append(row | dict(zip(CAUSES, error, strict=True)))
    return rows


def main() -> int:
    """All worlds, two at a time, then the table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--only", default="")
    asked.add_argument("--each", action="store_true")
    asked.add_argument("--processes", type=int, default=2)
    asked.add_argument("--seeds", type=int, nargs="+", default=(SEED,))
    given = asked.parse_args()
    chosen = [
        world
        for world in own_form(tuple(given.seeds))
        if world.mechanism == "additive" and given.only in world.name
    ]
    os.environ.update(dict.fromkeys(THREADS, "1"))
    rows, started = [], time.perf_counter()
    with ProcessPoolExecutor(given.processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        jobs = [pool.submit(run_world, world, given.folder.resolve(), given.each) for world in chosen]
        for number, (world, job) in enumerate(zip(chosen, jobs, strict=True), start=1):
            rows += job.result()
            minutes = (time.perf_counter() - started) / 60
            print(f"{minutes:5.1f} min  {number}/{len(jobs)}  {world.name}", flush=True)
    table = pd.DataFrame(rows).groupby(["difficulty", "knowing"], sort=False)
    counts = table.size().rename("worlds")
    worst = table["largest"].max().rename("worst")
    print(pd.concat([counts, table.mean(), worst], axis=1).round(1).to_string())
    return 0


if __name__ == "__main__":
    sys.exit(main())
