"""Cost of attributing causes: time and peak memory of the additive hazard as members grow.

    python benchmarks/causes.py [copies ...]

Takes the demo (run it first), copies its members under new ids 1, 3 … times, and runs each size in a process of its own: evidence,
fit, posterior of everyone, shares with intervals. The peer in the same run is the survey classifier on the same evidence.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd

from whychurn.causes.evidence import evidence_table, gather_evidence
from whychurn.causes.methods import Inputs, find_method
from whychurn.contract.files import read_json, read_table
from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, Study

INTERIM = ("members", "orders", "events", "feedback", "surveys", "memberships", "market")
PANEL = [
    "member_id",
    "as_of",
    "spell_no",
    "tenure_days",
    "region",
    "channel",
    "spend_tier",
    "orders_90d",
    "tickets_90d",
]


def copied(table: pd.DataFrame, copies: int) -> pd.DataFrame:
    """`table` once for each copy, with ids that no other copy uses."""
    if "member_id" not in table or copies == 1:
        return table
    parts = [table.assign(member_id=table["member_id"] + f"x{number:03d}") for number in range(copies)]
    return pd.concat(parts, ignore_index=True)


def run(copies: int) -> None:
    """One size, printed as one line."""
    study = Study(PROJECT)
    params = load_params(study)
    interim = {name: copied(read_table(study.interim / f"{name}.parquet"), copies) for name in INTERIM}
    panel = copied(read_table(study.processed / "panel.parquet", PANEL), copies)
    spells = copied(read_table(study.processed / "spells.parquet"), copies)
    said = copied(read_table(study.results / "feedback_topics.parquet"), copies)
    known, seen = read_json(study.processed / "panel.json"), read_json(study.interim / "intake.json")
    until = pd.Timestamp(str(seen["observed_until"]))
    times = [time.perf_counter()]
    evidence = gather_evidence(
        interim, panel, spells, said, known, until, params.privacy.missing_consent, params.causes
    )
    times.append(time.perf_counter())
    table = evidence_table(evidence, ["tenure_days", "orders_90d", "tickets_90d"])
    inputs = Inputs(evidence, table, np.zeros((len(table), 6)), None)
    for name in ("additive_hazard", "survey_classifier"):
        find_method(name)(inputs, params.causes)
        times.append(time.perf_counter())
    spent = np.diff(times)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    members = len(interim["members"])
    print(
        f"{members:>9,} members {len(panel):>11,} panel rows {len(interim['events']):>11,} events   "
        f"evidence {spent[0]:6.1f} s   additive hazard {spent[1]:6.1f} s   survey classifier {spent[2]:6.1f} s   "
        f"peak {peak:5.1f} GB   {1e6 * spent[:2].sum() / members:6.0f} s a million members"
    )


def main() -> None:
    """Run each size in a process of its own, so that peaks do not mix."""
    if sys.argv[1:2] == ["--one"]:
        run(int(sys.argv[2]))
        return
    for copies in sys.argv[1:] or ["1", "3"]:
        subprocess.run([sys.executable, __file__, "--one", copies], check=True)


if __name__ == "__main__":
    main()
