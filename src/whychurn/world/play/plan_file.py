"""The plan file: who gets which action through which channel on which day; its first four columns count."""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from whychurn.contract.causes import CONTROL
from whychurn.contract.errors import WhychurnError

COLUMNS: Final = ("member_id", "action", "channel", "send_on")
NO_CONTACT: Final = frozenset({"", "none", CONTROL, "hold_out"})  # rows of action that are nobody's contact
_FORM: Final = f"a plan has the columns {', '.join(COLUMNS)}, in this order; further ones are ignored"


def read_plan(path: Path) -> pd.DataFrame:
    """Rows of a plan in file order: member_id, action, channel (null: the first that the member has), send_on.

    Parameters
    ----------
    path
        CSV (UTF-8 with header, ISO dates) or Parquet.

    Raises
    ------
    WhychurnError
        If it cannot be read, its first four columns are others, or a day is no date.
    """
    frame = _read(path)
    if tuple(frame.columns[: len(COLUMNS)]) != COLUMNS:
        found = ", ".join(map(str, frame.columns[: len(COLUMNS)]))
        raise WhychurnError(f"the first columns are {found or 'missing'}", file=path, remedy=_FORM)
    frame = frame[list(COLUMNS)].reset_index(drop=True)
    texts = {name: frame[name].astype("string").str.strip() for name in COLUMNS[:3]}
    days = pd.to_datetime(frame["send_on"], errors="coerce", format="ISO8601").astype("datetime64[ns]")
    wrong = days.isna() & frame["send_on"].notna()
    if wrong.any():
        raise WhychurnError(
            f"a day cannot be read, such as {frame['send_on'][wrong].iloc[0]!r}",
            file=path,
            column="send_on",
            rows=int(wrong.sum()),
            remedy="write days as 2025-12-31, or leave them empty for the day of the plan",
        )
    channel = texts["channel"].mask(texts["channel"].eq(""))
    return pd.DataFrame(
        {
            "member_id": _or_none(texts["member_id"]),
            "action": texts["action"].fillna("").astype(object),
            "channel": _or_none(channel),
            "send_on": days.dt.normalize(),
        }
    )


def _or_none(texts: pd.Series) -> np.ndarray:
    return np.array([None if pd.isna(text) else str(text) for text in texts], dtype=object)


def no_plan() -> pd.DataFrame:
    """A plan in which nobody is contacted."""
    empty = {name: pd.Series(dtype=object) for name in COLUMNS[:3]}
    return pd.DataFrame({**empty, "send_on": pd.Series(dtype="datetime64[ns]")})


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise WhychurnError(
            "there is no such plan", file=path, remedy="name a CSV or Parquet file: --plan FILE"
        )
    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype="string", encoding="utf-8-sig", keep_default_na=False, na_values=[""])
    except (OSError, ValueError, pa.ArrowInvalid) as error:
        raise WhychurnError(f"the plan cannot be read: {error}", file=path, remedy=_FORM) from None
