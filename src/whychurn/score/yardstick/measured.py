"""What was measured over simulated programmes built in many ways, and which of it may be quoted of a study.

``yardstick.csv`` in the folder above holds one row a world and method, written by ``benchmarks/yardstick.py``.
Worlds of the half ``development`` are those that numbers were set on: only the half ``test`` is quoted.
"""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES

FILE: Final = Path(__file__).parents[1] / "yardstick.csv"
OURS: Final = "whychurn"
ONE_SIXTH: Final = "one_sixth"  # the same share for each cause
BASELINES: Final = ("survey", "keyword", "majority_vote")
RIVALS: Final = (ONE_SIXTH, *BASELINES)
WORLD: Final = (
    "world", "program", "mechanism", "half", "missing", "interviews", "members", "leavings", "answers", "texts",
    "without_records",
)  # fmt: skip
MEASURES: Final = (
    "share_error_largest", "share_error_mean", *(f"error_{cause}" for cause in CAUSES), "share_covered",
    "share_width", "avoidable_error_largest", "avoidable_covered", "avoidable_width", "skill_oracle",
    "skill_ceiling", "named", "right", "said", "ece", "null_share", "null_low", "claim", "alarms", "seconds",
)  # fmt: skip
COLUMNS: Final = (*WORLD, "method", *MEASURES)
# by what there is to go by: texts of the report name them
KINDS: Final = ("all_tables", "few_answers", "table_missing", "asked_100", "asked_200", "asked_400")
FEW: Final = 300  # answers to the exit survey
LEAST_COVERED: Final = 0.9  # share of the 95 % intervals that must hold for a share to count as attributed
QUOTED: Final = (
    "share_error_largest", "share_covered", "share_width", "avoidable_error_largest", "avoidable_covered",
    "skill_oracle", "skill_ceiling", "named", "right", "said",
)  # fmt: skip


def load_yardstick(file: Path = FILE) -> pd.DataFrame:
    """The rows that ship with the package: `COLUMNS`."""
    return pd.read_csv(file, keep_default_na=True).fillna({"missing": "", "alarms": ""})


def kind_of(answers: float, interviews: int, lacking: bool) -> str:
    """Kind of a world or study, one of `KINDS`.

    Parameters
    ----------
    answers
        Leavers who answered the exit survey.
    interviews
        Leavers drawn by lot who answered; 0 without a draw.
    lacking
        Whether a table, or every record of a cause, is missing.
    """
    if interviews:
        return min(
            ("asked_100", "asked_200", "asked_400"), key=lambda kind: abs(np.log(int(kind[6:]) / interviews))
        )
    if lacking:
        return "table_missing"
    return "few_answers" if answers < FEW else "all_tables"


def with_kind(rows: pd.DataFrame) -> pd.DataFrame:
    """`rows` of one world and method each, with the column kind."""
    facts = zip(rows["answers"], rows["interviews"], rows["missing"], rows["without_records"], strict=True)
    kinds = [
        kind_of(answers, int(asked), bool(missing) or bare > 0) for answers, asked, missing, bare in facts
    ]
    return rows.assign(kind=pd.Series(kinds, index=rows.index, dtype="object"))


def by_kind(rows: pd.DataFrame, half: str = "test") -> pd.DataFrame:
    """Each method in each kind of world of one half, on the worlds where both it and the project give shares.

    Returns
    -------
    DataFrame
        kind, method, worlds, mean of each of `QUOTED`; error_worst (largest error of a share in the worst
        world), ours (the project's mean largest error on the same worlds), beaten (share of these worlds where
        the project's largest error is smaller). Kinds in the order of `KINDS`.
    """
    own = with_kind(rows[rows["half"] == half])
    ours = own.loc[own["method"] == OURS].set_index("world")["share_error_largest"].dropna()
    own = own[own["share_error_largest"].notna() & own["world"].isin(ours.index)]
    own = own.assign(ours=own["world"].map(ours))
    own["beaten"] = (own["ours"] < own["share_error_largest"]).astype("float64")
    grouped = own.groupby(["kind", "method"], sort=False)
    table = grouped[[*QUOTED, "ours", "beaten"]].mean()
    table.insert(0, "worlds", grouped.size())
    table["error_worst"] = grouped["share_error_largest"].max()
    table = table.reset_index()
    place = {name: at for at, name in enumerate([*KINDS, OURS, *RIVALS])}
    return table.sort_values(["kind", "method"], key=lambda names: names.map(place), ignore_index=True)


def supported(rows: pd.DataFrame, answers: float, lacking: bool) -> bool:
    """Whether shares without interviews may be called attributed: measured in the test half on this kind of world.

    That is so where at least `LEAST_COVERED` of the intervals hold and the largest error of a share is, on
    average, below that of one sixth for each cause. Not measured is not supported.

    Parameters
    ----------
    rows
        As `load_yardstick` returns them.
    answers, lacking
        See `kind_of`.
    """
    table = by_kind(rows)
    table = table[table["kind"] == kind_of(answers, 0, lacking)].set_index("method")
    if not {OURS, ONE_SIXTH} <= set(table.index):
        return False
    ours, even = table.loc[OURS], table.loc[ONE_SIXTH]
    holds = float(ours["share_covered"]) >= LEAST_COVERED
    return bool(holds and ours["share_error_largest"] < even["share_error_largest"])
