"""Worlds in which something changes from a month on, read by the product's own stages: does watch find it, and when?"""

from __future__ import annotations

import importlib
import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pandas as pd
import yaml
from action import CHEAPER
from side_by_side import run_side_by_side
from yardstick import read_texts

from whychurn.contract.files import read_table, write_table, write_whole
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.score.watch.plain_checks import WATCHED, alarms_of, score_watch
from whychurn.score.watch.watch_scores import watch_scores
from whychurn.world.build import build_world

METHODS: Final = {
    "watch": "watch",
    "twin": "watch, same shop unchanged",
    "plain_95": "plain 95 % checks",
    "psi": "PSI of inputs",
    "ks": "KS of inputs",
}
STARTS, MONTHS = "2023-01-01", 36
FROM: Final = "2025-01"  # six judged months after a reference of twelve
# they act on no life, so one world of half the members has them all
RECORDS: Final = (
    {"kind": "broken_export", "from": "2024-10", "months": 2, "of": "orders.discount"},
    {"kind": "renamed_code", "from": "2025-02", "months": 3, "of": "orders.channel", "code": "app"},
    {"kind": "broken_export", "from": "2025-08", "months": 1, "of": "events", "size": 0.6},
)
CHANGES: Final[dict[str, tuple[dict[str, Any], ...]]] = {
    "unchanged": (),
    "prices": ({"kind": "price_rise", "from": FROM},),
    "rival": ({"kind": "rival_opening", "from": FROM},),
    "service": ({"kind": "service_trouble", "from": FROM},),
    "records": RECORDS,
    "prices-Shanghai": ({"kind": "price_rise", "from": FROM, "region": "Shanghai"},),
}


@dataclass(frozen=True)
class World:
    """A shop and what changes in it."""

    change: str
    seed: int
    members: int

    @property
    def name(self) -> str:
        """Name of its study and its rows."""
        return f"{self.change}-{self.seed}-{self.members}"

    def settings(self) -> dict[str, Any]:
        """Section ``world`` of its parameters."""
        return {
            "program": "shop", "seed": self.seed, "members": self.members, "months": MONTHS, "starts_on": STARTS,
            "changes": list(CHANGES[self.change]),
        }  # fmt: skip


def run_world(world: World, folder: Path) -> float:
    """Simulate, answer, watch and score one world; seconds. Rows are written last, whole."""
    logging.basicConfig(level=logging.WARNING)
    before = time.perf_counter()
    study = StudyPaths.at(folder / "studies" / world.name)
    with write_whole(study.root / "params.yaml") as temporary:
        temporary.write_text(yaml.safe_dump({"world": world.settings(), **CHEAPER}), encoding="utf-8")
    params = load_params(study)
    build_world(params.world, study.root, study.raw)
    write_table(pd.DataFrame(), study.results / "lifetime_value.parquet")  # of survival: only costs read it
    for stage in ("intake", "voice", "panel", "risk", "causes", "watch"):
        if stage == "voice":
            read_texts(study, params)
        else:
            importlib.import_module(f"whychurn.stages.{stage}").run(study, params)
    changes = CHANGES[world.change]
    rows = score_watch(changes, told_of(study), study.processed / "panel.parquet")
    facts: dict[str, Any] = {
        "world": world.name,
        "change": world.change,
        "seed": world.seed,
        "members": world.members,
    }
    write_table(rows.assign(**facts), folder / "rows" / f"{world.name}.parquet")
    return time.perf_counter() - before


def told_of(study: StudyPaths) -> dict[str, pd.DataFrame]:
    """What watch told of a study."""
    return {name: read_table(study.results / f"{name}.parquet") for name in WATCHED}


def run_missing(folder: Path, seeds: list[int], members: int, processes: int) -> pd.DataFrame:
    """Run the worlds that are missing; rows of all that were asked for and are there, each beside its unchanged twin."""
    sizes = {change: members // 2 if change == "records" else members for change in CHANGES}
    chosen = [World(change, seed, size) for seed in seeds for change, size in sizes.items()]
    files = {world.name: folder / "rows" / f"{world.name}.parquet" for world in chosen}
    jobs = {world.name: (world, folder) for world in chosen if not files[world.name].exists()}
    run_side_by_side(run_world, jobs, processes)
    there = [world for world in chosen if files[world.name].exists()]
    parts = [part for world in there for part in (read_table(files[world.name]), twin_rows(world, folder))]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def twin_rows(world: World, folder: Path) -> pd.DataFrame:
    """What watch would be said to find of a world's changes in the same shop without them: chance, or its own events."""
    twin = StudyPaths.at(folder / "studies" / replace(world, change="unchanged").name)
    if world.change == "unchanged" or not (twin.results / "watch_alarms.parquet").exists():
        return pd.DataFrame()
    rows = watch_scores(CHANGES[world.change], alarms_of(told_of(twin)).assign(method="twin"), {"twin": 0})
    return rows[rows["kind"] != "none"].assign(change=world.change, members=world.members)


def worlds_table(rows: pd.DataFrame) -> str:
    """One line a planted change, then the false alarms of worlds in which nothing changes the members or nothing at all."""
    members = f"{rows['members'].max():,}".replace(",", " ")
    lines = [
        f"| planted in a shop of {members} members | {' | '.join(METHODS.values())} |",
        "|---|" + "---|" * len(METHODS),
    ]  # fmt: skip
    planted = rows[rows["kind"] != "none"]
    for (change, kind, place), told in planted.groupby(["change", "kind", "place"], sort=False):
        by_method = dict(iter(told.groupby("method")))
        cells = [_found(by_method[method]) if method in by_method else "–" for method in METHODS]
        lines.append(
            f"| {str(kind).replace('_', ' ')}, {place if change != 'prices' else 'all'} | {' | '.join(cells)} |"
        )
    unchanged = rows[rows["kind"].eq("none") & rows["change"].eq("unchanged")]
    means = unchanged.groupby("method")[["false_alarms", "months_judged"]].sum()
    per_year = 12 * means["false_alarms"] / means["months_judged"]
    cells = [f"{per_year[method]:.1f}" if method in per_year else "–" for method in METHODS]
    lines.append(f"| alarms in 12 months of the unchanged shop | {' | '.join(cells)} |")
    return "\n".join(lines)


def _found(told: pd.DataFrame) -> str:
    """In how many worlds, after how many months, by which chart first."""
    hits = told[told["found"] == 1]
    if hits.empty:
        return f"0 of {len(told)}"
    months = ", ".join(f"{months:.0f}" for months in hits["months"])
    if told["method"].iloc[0] not in ("watch", "twin"):
        return f"{len(hits)} of {len(told)}; after {months}"
    off = ", ".join(f"{months:+.0f}" for months in hits["named_off"])
    return f"{len(hits)} of {len(told)}; after {months}; named {off} ({', '.join(sorted(hits['found_by'].unique()))})"
