"""Forward-in-time split of the panel: training, calibration and test, with an embargo of the label window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from whychurn.contract.errors import WhychurnError

PARTS = ("train", "calibration", "test")


class DataTooShortError(WhychurnError):
    """The labelled snapshots do not reach for a training part and a later test part."""


@dataclass(frozen=True)
class Split:
    """Part of each panel row and how the parts came about.

    Parameters
    ----------
    part
        "train", "calibration", "test" or "" (embargoed or unlabelled), index of the panel.
    mode
        "forward": calibration lies after training and before test. "members": the history is too short for
        that, so calibration uses other members of the training period; windows end before the test begins, but
        labels may be known only later.
    months
        Snapshots of each part.
    """

    part: pd.Series
    mode: str
    months: dict[str, list[pd.Timestamp]]

    def rows(self, part: str) -> np.ndarray:
        """Boolean mask of the rows of `part`."""
        return (self.part == part).to_numpy()


def split_forward(
    panel: pd.DataFrame,
    horizon_days: int,
    known_days: int,
    calibration_months: int,
    test_months: int,
    seed: int,
) -> Split:
    """Split labelled rows by snapshot: no label window reaches into a later part; labels are known by the test.

    Parameters
    ----------
    panel
        member_id, as_of, churned_in_horizon (null: not labelled).
    horizon_days
        Length of the label window.
    known_days
        Days after a snapshot on which its labels are known: the window and the silence that makes a leaving.
    calibration_months, test_months
        Wanted snapshots of each part; fewer are taken where the history is short.
    seed
        Of the members' assignment when only mode "members" is possible.

    Raises
    ------
    DataTooShortError
        If even one training snapshot whose label window ends before one test snapshot does not exist.
    """
    labelled = panel["churned_in_horizon"].notna().to_numpy()
    months = sorted(pd.Timestamp(day) for day in panel.loc[labelled, "as_of"].unique())
    spans = (pd.Timedelta(days=horizon_days), pd.Timedelta(days=known_days))
    for wanted_test in range(test_months, 0, -1):
        for wanted_calibration in range(calibration_months, 0, -1):
            chosen = _take(months, spans, wanted_calibration, wanted_test)
            enough = wanted_calibration + 2 if (wanted_test, wanted_calibration) != (1, 1) else 1
            if chosen and len(chosen["train"]) >= enough:
                return Split(_assign(panel, labelled, chosen), "forward", chosen)
    return _split_members(panel, labelled, months, spans[0], seed)


def _take(
    months: list[pd.Timestamp], spans: tuple[pd.Timedelta, pd.Timedelta], calibration: int, test: int
) -> dict[str, list[pd.Timestamp]] | None:
    """Last `test` months, last `calibration` ones with labels known by them, all with windows over before those.

    `spans`: the label window, and the time until labels are known.
    """
    if len(months) <= test:
        return None
    tested = months[-test:]
    horizon, known = spans
    before_test = [day for day in months if day + known <= tested[0]][-calibration:]
    if not before_test:
        return None
    trained = [day for day in months if day + horizon <= before_test[0]]
    return {"train": trained, "calibration": before_test, "test": tested} if trained else None


def _split_members(
    panel: pd.DataFrame, labelled: np.ndarray, months: list[pd.Timestamp], horizon: pd.Timedelta, seed: int
) -> Split:
    """Test stays in the future; a third of the members of the training period calibrate."""
    before = [day for day in months if day + horizon <= months[-1]]
    if not before:
        needed = 2 * int(np.ceil(horizon.days / 30.4)) + 1
        raise DataTooShortError(
            f"the history holds {len(months)} labelled monthly snapshots; "
            f"a model needs about {needed} months of history after the warm-up",
            remedy="supply a longer history, or shorten panel.horizon_days or panel.warmup_days",
        )
    chosen = {"train": before, "calibration": before, "test": months[-1:]}
    part = _assign(panel, labelled, chosen)
    members = np.sort(panel["member_id"].unique())
    third = np.random.default_rng(seed).permutation(members)[: len(members) // 3]
    calibrates = part.eq("calibration") & ~panel["member_id"].isin(third)
    return Split(part.mask(calibrates, "train"), "members", chosen)


def _assign(panel: pd.DataFrame, labelled: np.ndarray, chosen: dict[str, list[pd.Timestamp]]) -> pd.Series:
    part = pd.Series("", index=panel.index, dtype="object")
    for name in PARTS:
        part[labelled & panel["as_of"].isin(chosen[name]).to_numpy()] = name
    return part


def forward_folds(
    months: list[pd.Timestamp], horizon_days: int, folds: int
) -> list[tuple[list[pd.Timestamp], pd.Timestamp]]:
    """Embargoed folds, latest last: (snapshots with labels ended before the validated one, that one)."""
    horizon = pd.Timedelta(days=horizon_days)
    pairs = [([early for early in months if early + horizon <= day], day) for day in sorted(months)]
    return [(early, day) for early, day in pairs if early][-folds:]
