"""False alarms and power of the checks of the causes.

    python benchmarks/diagnostics.py [--write] STUDY [STUDY ...]
    python benchmarks/diagnostics.py [--write] --make FOLDER --seeds 7001 7002 7003 7004

Each STUDY is a simulated programme whose stages up to `panel` have run, with its text scores (what
``benchmarks/yardstick.py --prepare`` leaves). With --make such programmes of 3 000 members are written below FOLDER, for each
seed: shop, gym and school as the method assumes, where 40, 15 and 3 % answer, and one programme of each other mechanism of the
development half that leaves any evidence; what lies there by the same code is not written again. The additive hazard is fitted
and checked anew, one after the other. On worlds of the mechanism `additive` every flag is a false alarm. A row a mechanism and
check: worlds in which the check could be made, and in how many it raised an alarm. With --write the table goes to
``benchmarks/diagnostics.csv``.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from side_by_side import THREADS
from yardstick import OWN_FORM, PROGRAMS, World, own_form, prepare

from whychurn.causes.checks.diagnostics import diagnostics
from whychurn.causes.evidence.grounds import find_grounds
from whychurn.causes.latent_cause.additive_hazard_em import fit_additive
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.stages.causes import read_evidence
from whychurn.world.setting.mechanism import load_mechanism, mechanism_names

FILE = Path(__file__).with_suffix(".csv")
MEMBERS = 3000  # of a programme that is made to be checked


def worlds_to_check(seed: int) -> list[World]:
    """Nine programmes as the method assumes, and one of each other mechanism whose programme differs by seed."""
    names = [name for name in mechanism_names("development") if name != OWN_FORM]
    others = [name for name in names if not load_mechanism(name).bare]
    programs = [PROGRAMS[(number + seed) % 3] for number in range(len(others))]
    return own_form((seed,)) + [
        World(program, name, "development", "many", seed)
        for program, name in zip(programs, others, strict=True)
    ]


def made(folder: Path, seeds: list[int]) -> Iterator[Path]:
    """Folder of one programme after the other, once its stages up to `panel` have run."""
    logging.basicConfig(level=logging.ERROR)
    os.environ.update(dict.fromkeys(THREADS, "1"))
    for seed in seeds:
        for world in worlds_to_check(seed):
            study = StudyPaths.at(folder / world.base)
            prepare(world, study, [f"world.members={MEMBERS}"])
            yield study.root


def checks_of(folder: Path) -> pd.DataFrame:
    """Table cause_diagnostics of one study, with its mechanism."""
    study = StudyPaths.at(folder)
    params = load_params(study)
    evidence = read_evidence(study, params)
    grounds = find_grounds(evidence)
    used = grounds.applied(evidence)
    params = params.model_copy(update={"causes": grounds.settings(params.causes)})
    model = fit_additive(used.history, used.labels, params.causes)
    keys = ["member_id", "spell_no"]
    last = evidence.panel.drop_duplicates(keys, keep="last")[[*keys, "region"]]
    region = evidence.spells.table[keys].merge(last, how="left")["region"]
    table = diagnostics(used, model, region, params)
    print(
        folder.name,
        *(f"{row.check}:{row.detail}" for row in table[table["flagged"]].itertuples()),
        flush=True,
    )
    return table.assign(world=folder.name, mechanism=params.world.mechanism)


def summary(checks: pd.DataFrame) -> pd.DataFrame:
    """Worlds and alarms by mechanism and check; ``any``: worlds with an alarm of any check; ``shows_nothing:CAUSE``: no
    alarm, but traces of the cause of which the report says so.
    """
    silent = checks[checks["check"] == "no_effect"]
    silent = silent.assign(check="shows_nothing:" + silent["detail"], flagged=silent["low"] <= 0)
    both = pd.concat([checks, checks.assign(check="any"), silent], ignore_index=True)
    worlds = both.groupby(["mechanism", "check", "world"], sort=True)["flagged"].any().reset_index()
    table = worlds.groupby(["mechanism", "check"], sort=True)["flagged"].agg(worlds="size", alarms="sum")
    return table.reset_index()


def main() -> int:
    """Check all studies, print and perhaps keep the table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("studies", type=Path, nargs="*")
    asked.add_argument("--make", type=Path, metavar="FOLDER")
    asked.add_argument("--seeds", type=int, nargs="+", default=[7001])
    asked.add_argument("--write", action="store_true")
    given = asked.parse_args()
    folders = made(given.make.resolve(), given.seeds) if given.make else given.studies
    table = summary(pd.concat([checks_of(folder) for folder in folders], ignore_index=True))
    print(table.pivot(index="mechanism", columns="check", values="alarms").to_string())
    print(table[table["check"] == "any"].to_string(index=False))
    if given.write:
        table.to_csv(FILE, index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
