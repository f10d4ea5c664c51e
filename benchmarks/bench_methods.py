"""Files of our methods for the public benchmark: python benchmarks/bench_methods.py FOLDER OUT [METHOD ...].

FOLDER is what `whychurn bench --out FOLDER` wrote. Of each method two files go to OUT: the chances of the members and the
shares with their intervals. Then: whychurn bench score FOLDER OUT/*.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

import whychurn
from whychurn.api.causes import Attribution
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.score.method_answers import PROBABILITIES
from whychurn.score.public_benchmark.worlds import WORLDS

METHODS = ("additive_hazard", "majority_vote", "survey", "keyword")


def answered(why: Attribution, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Chances and shares of one world as the benchmark reads them; what is not told is shared evenly."""
    members = why.members[why.members["status"] == "churned"].drop_duplicates("member_id", keep="last")
    p = members[PROBABILITIES].astype("float64").fillna(0.0)
    p = p.add((1 - p.sum(axis=1)) / len(CAUSES), axis=0).clip(0.0, 1.0)
    chances = p.assign(world=name, member_id=members["member_id"])
    shares = why.shares[why.shares["cause"].isin(CAUSES)][["cause", "share", "low", "high"]].assign(
        world=name
    )
    return chances, shares if shares["share"].notna().all() else shares.iloc[:0]


def main() -> int:
    """Attribute all worlds by each method, and write the files."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("methods", nargs="*", default=METHODS)
    given = asked.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    parts: dict[str, list[tuple[pd.DataFrame, pd.DataFrame]]] = {method: [] for method in given.methods}
    for name in WORLDS:
        study = StudyPaths.at(given.folder / name)
        tables = whychurn.load(study.raw)
        panel, texts = whychurn.panel(tables), whychurn.read_texts(tables)
        for method in given.methods:
            why = whychurn.attribute(
                tables, panel=panel, texts=texts, method=method, settings=load_params(study).causes
            )
            parts[method].append(answered(why, name))
            print(f"{name} {method}", flush=True)
    for method, found in parts.items():
        chances, shares = (pd.concat(one, ignore_index=True) for one in zip(*found, strict=True))
        chances.to_csv(given.out / f"{method}.csv", index=False)
        if shares["world"].nunique() == len(WORLDS):
            shares.to_csv(given.out / f"{method}.shares.csv", index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
