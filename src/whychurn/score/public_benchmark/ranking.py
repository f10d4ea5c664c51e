"""Methods ranked by how far their shares are from the true ones, beside saying one sixth for each cause."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_whole
from whychurn.score.method_answers import PROBABILITIES, cause_codes, true_posterior
from whychurn.score.probability_metrics import mean_log_loss, skill
from whychurn.score.public_benchmark.submissions import Submission, read_submission
from whychurn.score.public_benchmark.worlds import members_of, true_causes
from whychurn.score.share_errors import interval_measures

FLOOR: Final = 0.001  # least chance of a cause when losses are taken
EVEN: Final = "one_sixth"
COLUMNS: Final = (
    "rank", "method", "share_error_largest", "share_error_worst", "share_error_mean", "share_covered", "share_width",
    "skill", "leavers_answered",
)  # fmt: skip


def score_submissions(folder: Path, files: Sequence[Path]) -> pd.DataFrame:
    """Read the files, score them against the true causes, write ``ranking.csv`` into `folder`: `rank_methods`.

    Parameters
    ----------
    folder
        As `worlds.write_worlds` wrote it.
    files
        One method each; ``mine.csv`` and ``mine.shares.csv`` are one.

    Raises
    ------
    WhychurnError
        If a file cannot count (see `read_submission`), or two of one name give the same.
    """
    true = true_causes(folder)
    members = {name: members_of(folder, name) for name in true}
    table = rank_methods([read_submission(Path(file), members) for file in files], true)
    with write_whole(folder / "ranking.csv") as temporary:
        table.to_csv(temporary, index=False)
    return table


def rank_methods(submissions: Sequence[Submission], true: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Ranked by the mean over worlds of the largest error of a share; skill, then name break ties.

    Parameters
    ----------
    true
        Of each world: member_id, cause, p_<cause> of all who left.

    Returns
    -------
    DataFrame
        `COLUMNS`, errors as parts of all leavings. A true share is the mean true posterior of all who left. Shares
        are those of the method, or the mean of its chances over all who left, where leavers without a row count
        as one sixth each. skill: 0 the true shares for everyone, 1 the simulator itself, by log loss.
        share_covered and share_width are null without intervals, skill without chances.
    """
    rows = [_row(one, true) for one in _joined(submissions)]
    table = pd.DataFrame([*rows, _row(Submission(EVEN, None, _even(true)), true)]).round(4)
    table = table.sort_values(["share_error_largest", "skill", "method"], ascending=[True, False, True])
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table[list(COLUMNS)].reset_index(drop=True)


def _joined(submissions: Sequence[Submission]) -> list[Submission]:
    """Chances and shares of the same name put together."""
    found: dict[str, Submission] = {}
    for one in submissions:
        other = found.get(one.name, Submission(one.name, None, None))
        twice = (one.members is not None and other.members is not None) or (
            one.shares is not None and other.shares is not None
        )
        if twice or one.name == EVEN:
            raise WhychurnError(
                f"the name {one.name!r} is taken", remedy="give each method a file name of its own"
            )
        members = other.members if one.members is None else one.members
        found[one.name] = Submission(one.name, members, other.shares if one.shares is None else one.shares)
    return list(found.values())


def _even(true: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    grid = pd.MultiIndex.from_product([list(true), list(CAUSES)], names=["world", "cause"]).to_frame(
        index=False
    )
    return grid.assign(share=1 / len(CAUSES), low=np.nan, high=np.nan)


def _row(one: Submission, true: Mapping[str, pd.DataFrame]) -> dict[str, object]:
    """Means over worlds of one method."""
    worlds = [_world(one, name, leavers) for name, leavers in true.items()]
    table = pd.DataFrame(worlds)
    means = {str(name): value for name, value in table.mean().items()}
    return {"method": one.name, **means, "share_error_worst": table["share_error_largest"].max()}


def _world(one: Submission, name: str, leavers: pd.DataFrame) -> dict[str, float]:
    share = leavers[PROBABILITIES].to_numpy("float64").mean(axis=0)
    found = {"skill": np.nan, "leavers_answered": np.nan}
    if one.members is not None:
        p, answered = _chances(one.members[one.members["world"] == name], leavers)
        found = {"skill": _skill(p, leavers), "leavers_answered": answered}
        estimate, low, high = p.mean(axis=0), np.full(len(CAUSES), np.nan), np.full(len(CAUSES), np.nan)
    if one.shares is not None:
        own = one.shares[one.shares["world"] == name].set_index("cause").loc[list(CAUSES)]
        estimate, low, high = own[["share", "low", "high"]].to_numpy("float64").T
    measures = interval_measures(estimate, low, high, share)
    return found | {f"share_{name}": value for name, value in measures.items()}


def _chances(members: pd.DataFrame, leavers: pd.DataFrame) -> tuple[Array, float]:
    """Chances of all who left, one sixth where none are given; share of them with a row."""
    p = leavers[["member_id"]].merge(members, on="member_id", how="left")[PROBABILITIES].to_numpy("float64")
    known = np.isfinite(p).all(axis=1)
    return np.where(known[:, None], p, 1 / len(CAUSES)), float(known.mean())


def _skill(p: Array, leavers: pd.DataFrame) -> float:
    """By the causes for which members left: what they say depends on these."""
    q, y = true_posterior(leavers), cause_codes(leavers["cause"])
    own, prior, oracle = (
        mean_log_loss(chances, y, FLOOR) for chances in (p, np.tile(q.mean(axis=0), (len(q), 1)), q)
    )
    return float(skill(own, prior, oracle))
