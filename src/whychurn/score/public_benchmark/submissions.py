"""Files that take part: chances of members, shares with intervals, or both; refused with a reason where they cannot count."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_table
from whychurn.score.method_answers import PROBABILITIES

MEMBERS: Final = ("world", "member_id", *PROBABILITIES)
SHARES: Final = ("world", "cause", "share")
BOUNDS: Final = ("low", "high")
ROUNDING: Final = 0.005  # by which chances of a member, and shares of a world, may miss a sum of one


@dataclass(frozen=True)
class Submission:
    """Answers of one method about all worlds.

    Parameters
    ----------
    name
        Name of the file.
    members
        world, member_id, p_<cause>; None where only shares are given.
    shares
        world, cause, share, low, high (null without intervals); None where only chances are given.
    """

    name: str
    members: pd.DataFrame | None
    shares: pd.DataFrame | None


def read_submission(file: Path, members: Mapping[str, Collection[str]]) -> Submission:
    """Read a file of chances (``world, member_id, p_<cause>…``) or of shares (``world, cause, share, low, high``).

    Parameters
    ----------
    file
        CSV or Parquet; ``mine.shares.csv`` gives the shares of ``mine.csv``.
    members
        Ids of the members of each world.

    Raises
    ------
    WhychurnError
        If columns, worlds or causes are missing or unknown, members are unknown or stand twice, chances or shares
        do not sum to one, or an interval does not hold its share.
    """
    table = _read(file)
    name = file.name.removesuffix(file.suffix).removesuffix(".shares")
    of_members = "member_id" in table
    needed = MEMBERS if of_members else SHARES
    lacking = [column for column in needed if column not in table]
    if lacking:
        raise WhychurnError(
            f"there is no column {lacking[0]!r}",
            file=file,
            column=lacking[0],
            remedy=f"write the columns {', '.join(MEMBERS)}; or {', '.join((*SHARES, *BOUNDS))}",
        )
    table = table.assign(world=table["world"].astype("string").str.strip())
    _known(table, "world", list(members), file)
    absent = [world for world in members if world not in set(table["world"])]
    if absent:
        raise WhychurnError(
            f"nothing is said of world {absent[0]!r}",
            file=file,
            column="world",
            rows=len(absent),
            remedy=f"answer all worlds: {', '.join(members)}",
        )
    if of_members:
        return Submission(name, _checked_members(table, members, file), None)
    return Submission(name, None, _checked_shares(table, file))


def _read(file: Path) -> pd.DataFrame:
    if not file.is_file():
        raise WhychurnError("there is no such file", file=file, remedy="name a CSV or Parquet file")
    if file.suffix == ".parquet":
        return read_table(file)
    try:
        return pd.read_csv(file, dtype={"world": "string", "member_id": "string", "cause": "string"})
    except (ValueError, UnicodeDecodeError) as error:
        raise WhychurnError(
            f"this is no table in CSV: {error}", file=file, remedy="write CSV in UTF-8 with a header"
        ) from error


def _known(table: pd.DataFrame, column: str, known: Collection[str], file: Path) -> None:
    strange = table[~table[column].isin(list(known))]
    if len(strange):
        raise WhychurnError(
            f"unknown {column.removesuffix('_id')} {str(strange[column].iloc[0])!r}",
            file=file,
            column=column,
            rows=len(strange),
            remedy="write ids and codes as they stand in the tables of the benchmark",
        )


def _checked_members(table: pd.DataFrame, members: Mapping[str, Collection[str]], file: Path) -> pd.DataFrame:
    table = table[list(MEMBERS)].assign(member_id=table["member_id"].astype("string").str.strip())
    for world, ids in members.items():
        _known(table[table["world"] == world], "member_id", ids, file)
    _once(table, ["world", "member_id"], file)
    p = _numbers(table, PROBABILITIES, file)
    off = np.abs(p.sum(axis=1) - 1) > ROUNDING
    if off.any():
        raise WhychurnError(
            f"chances of a member sum to {p.sum(axis=1)[off][0]:.3f}, not to one",
            file=file,
            column=", ".join(PROBABILITIES),
            rows=int(off.sum()),
            remedy="give each member six chances that sum to one, or leave the member out",
        )
    return table.assign(**dict(zip(PROBABILITIES, p.T, strict=True)))


def _checked_shares(table: pd.DataFrame, file: Path) -> pd.DataFrame:
    table = table.reindex(columns=[*SHARES, *BOUNDS])
    table = table.assign(cause=table["cause"].astype("string").str.strip())
    _known(table, "cause", CAUSES, file)
    _once(table, ["world", "cause"], file)
    share = _numbers(table, ("share",), file)[:, 0]
    sums = pd.Series(share).groupby(table["world"].to_numpy()).agg(["sum", "size"])
    off = sums[(np.abs(sums["sum"] - 1) > ROUNDING) | (sums["size"] < len(CAUSES))]
    if len(off):
        raise WhychurnError(
            f"the {off['size'].iloc[0]} shares of world {off.index[0]!r} sum to {off['sum'].iloc[0]:.3f}",
            file=file,
            column="share",
            rows=len(off),
            remedy="give each world a share of all six causes, one in all",
        )
    if table[list(BOUNDS)].notna().any(axis=None):
        low, high = _numbers(table, BOUNDS, file).T
        outside = ~((low <= share) & (share <= high))
        if outside.any():
            raise WhychurnError(
                f"the interval {low[outside][0]:g} to {high[outside][0]:g} does not hold its share {share[outside][0]:g}",
                file=file,
                column="low, high",
                rows=int(outside.sum()),
                remedy="give the ends of 95 % intervals as parts of one",
            )
    return table.astype(dict.fromkeys(("share", *BOUNDS), "float64"))


def _once(table: pd.DataFrame, keys: list[str], file: Path) -> None:
    twice = table.duplicated(keys)
    if twice.any():
        raise WhychurnError(
            f"{' '.join(map(str, table.loc[twice, keys].iloc[0]))} stands twice",
            file=file,
            column=", ".join(keys),
            rows=int(twice.sum()),
            remedy="write one row for each",
        )


def _numbers(table: pd.DataFrame, columns: Collection[str], file: Path) -> np.ndarray:
    """Columns as numbers from 0 to 1; (rows, columns)."""
    for column in columns:
        values = pd.to_numeric(table[column], errors="coerce").to_numpy("float64", na_value=np.nan)
        bad = ~((values >= 0) & (values <= 1))
        if bad.any():
            raise WhychurnError(
                f"{table[column].to_numpy()[bad][0]!r} is no part of one",
                file=file,
                column=column,
                rows=int(bad.sum()),
                remedy="write numbers from 0 to 1, in every row",
            )
    return np.stack([pd.to_numeric(table[column]).to_numpy("float64") for column in columns], axis=1)
