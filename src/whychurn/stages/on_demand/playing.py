"""A plan file carried out in futures of a simulated study: ids of its results become the company's own again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json
from whychurn.contract.params import Params, WorldParams
from whychurn.contract.paths import StudyPaths
from whychurn.intake.privacy.pseudonym import find_key, pseudonyms
from whychurn.world.build import KEY_FILE, simulated_key
from whychurn.world.lives.members import company_ids
from whychurn.world.play.plan_file import read_plan
from whychurn.world.play.play_plan import PLAN, Game, Outcome, play_plan
from whychurn.world.play.played import Progress
from whychurn.world.truth.folder import FOLDER

PLAN_FILE, FACTS_FILE = "plan.parquet", "action.json"  # below the study's results


def play_study(
    study: StudyPaths,
    params: Params,
    plan: Path | None,
    game: Game,
    progress: Progress,
    beside: Mapping[str, Path] | None = None,
) -> Outcome:
    """Play the plan file `plan` (the study's own plan if None) in the world that the study was simulated from.

    Parameters
    ----------
    beside
        Further plan files by name, played in the same futures.

    Raises
    ------
    WhychurnError
        If the study is not simulated, or the plan cannot be read.
    """
    world = simulated_from(study)
    files = {PLAN: plan or study.results / PLAN_FILE, **(beside or {})}
    plans = {name: read_plan(file) for name, file in files.items()}
    if params.privacy.pseudonymize:
        own = _own_ids(study, params, world)
        for rows in plans.values():
            rows["member_id"] = rows["member_id"].map(lambda one: own.get(one, one))
    return play_plan(world, plans, game, progress)


def simulated_from(study: StudyPaths) -> WorldParams:
    """Parameters of the world that a study was simulated from.

    Raises
    ------
    WhychurnError
        If it was not, or its tables are of another world.
    """
    facts, key = study.root / FOLDER / "world.json", study.raw / KEY_FILE
    if not facts.is_file():
        raise WhychurnError(
            "this study is not simulated: nobody knows what would have come of another plan",
            file=study.root,
            remedy="play plans in a simulated study: whychurn world --out FOLDER",
        )
    world = WorldParams.model_validate(read_json(facts)["params"])
    if not key.is_file() or key.read_text(encoding="ascii").strip() != simulated_key(world.seed):
        raise WhychurnError(
            "the tables are not those of the simulated world that lies beside them",
            file=key,
            remedy="simulate the study again: whychurn world --out FOLDER",
        )
    return world


def game_of(study: StudyPaths, params: Params, futures: int, against: Sequence[str]) -> Game:
    """How a study's plans are played: with its budget (or that of the plan made there) and its caps."""
    action, made = params.action, study.results / FACTS_FILE
    budget = action.budget
    if budget is None and made.exists():
        budget = read_json(made).get("plan", {}).get("budget")
    return Game(futures, against, budget, action.contacts.member_4_weeks)


def _own_ids(study: StudyPaths, params: Params, world: WorldParams) -> dict[str, str]:
    """The company's id of each pseudonym; whatever is no pseudonym of a member stays as it is."""
    key = find_key(study, params.intake.source)
    if key is None:
        raise WhychurnError(
            "there is no key, so the members of the plan cannot be told",
            file=study.raw / KEY_FILE,
            remedy="restore the key of the simulated programme, or simulate it again",
        )
    own = pd.Series(company_ids(np.arange(world.members) + 1), dtype="string")
    return dict(zip(pseudonyms(own, key), own, strict=True))
