"""The public benchmark: worlds to attribute, and a ranking of what methods answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from whychurn.score.public_benchmark.ranking import score_submissions
from whychurn.score.public_benchmark.worlds import write_worlds


def bench(folder: str | Path, *, as_csv: bool = False) -> list[str]:
    """Write the worlds of the public benchmark below `folder`, the true causes apart; their names.

    Parameters
    ----------
    folder
        New or empty; gets <world>/raw with the tables of each world.
    as_csv
        Tables as CSV instead of Parquet.

    Raises
    ------
    WhychurnError
        If the folder holds something else, or cannot be written.

    Examples
    --------
    >>> import whychurn
    >>> whychurn.bench("bench")  # doctest: +SKIP
    ['w1', 'w2', 'w3', 'w4', 'w5', 'w6', 'w7', 'w8']
    """
    return write_worlds(Path(folder), as_csv=as_csv)


def bench_score(folder: str | Path, files: Sequence[str | Path]) -> pd.DataFrame:
    """Rank methods by their files; see benchmarks/taking_part.md for the columns.

    Parameters
    ----------
    folder
        As `bench` wrote it; gets ranking.csv.
    files
        CSV or Parquet, a method each.

    Returns
    -------
    DataFrame
        rank, method, share_error_largest, share_error_worst, share_error_mean, share_covered, share_width, skill,
        leavers_answered.

    Raises
    ------
    WhychurnError
        If a file cannot count: unknown members, missing worlds, chances that do not sum to one.

    Examples
    --------
    >>> import whychurn
    >>> ranking = whychurn.bench_score("bench", ["mine.csv"])  # doctest: +SKIP
    >>> ranking["method"].iloc[0]  # doctest: +SKIP
    'mine'
    """
    return score_submissions(Path(folder), [Path(file) for file in files])
