"""Instants as wall-clock time of the study's zone."""

from typing import Any

import numpy as np
import pandas as pd

from whychurn.intake.read.coerced import Coerced, Note, Reading

_HOUR = 60.0


def of_aware_column(column: pd.Series, reading: Reading) -> Coerced:
    """A column of timestamps: with a zone in its type, or without."""
    zone = getattr(column.dtype, "tz", None)
    if zone is None:
        return in_study_zone(column, reading)
    shown: dict[str, Any] = {"zone": str(zone), "n": int(column.notna().sum())}
    if reading.study_zone is None:
        said: Note = ("notice_zone_kept", {**shown, "example": _example(column)})
        return _naive(column.dt.tz_localize(None), (said,), str(zone))
    said = ("notice_zone_converted", {**shown, "study": reading.study_zone})
    return _naive(column.dt.tz_convert(reading.study_zone).dt.tz_localize(None), (said,), reading.study_zone)


def in_study_zone(
    values: pd.Series,
    reading: Reading,
    offset: np.ndarray | None = None,
    counts: np.ndarray | None = None,
    raw: pd.Series | None = None,
    counted: np.ndarray | None = None,
) -> Coerced:
    """Naive times as wall-clock time of the study's zone.

    Parameters
    ----------
    offset, counts, raw
        For unique cells: minutes ahead of UTC (NaN: none written), rows of each, as they were written.
    counted
        Cells that count from 1970, which is UTC by definition.
    """
    if offset is None or np.isnan(offset).all():
        return _of_one_zone(values, reading)
    assert counts is not None and raw is not None and counted is not None
    known = ~np.isnan(offset) & values.notna().to_numpy()
    if not known.any():
        return _of_one_zone(values, reading)
    first = int(np.argmax(known))
    shown: dict[str, Any] = {"n": int(counts[known].sum()), "example": raw.iloc[first]}
    if reading.study_zone:
        study = reading.study_zone
        utc = values[known] - pd.to_timedelta(offset[known], unit="m")
        there = utc.dt.tz_localize("UTC").dt.tz_convert(study).dt.tz_localize(None)
        rest = _of_one_zone(values, reading)
        moved = rest.values.mask(known, there.reindex(values.index).astype(rest.values.dtype))
        said: Note = (
            "notice_zone_converted",
            {"zone": _zones(offset[known]), "n": shown["n"], "study": study},
        )
        return _naive(moved, (said, *rest.notes), study)
    if counted[known].all():
        return _naive(values, (("notice_epoch_utc", shown),), "UTC")
    found = np.unique(offset[known & ~counted])
    summer = len(found) == 2 and found[1] - found[0] == _HOUR
    if len(found) > 1 and not summer:
        return _naive(values, (("decide_offsets", {**shown, "zones": _zones(found)}),), "?")
    return _naive(values, (("notice_offset_kept", {**shown, "zones": _zones(found)}),), _zones(found))


def _of_one_zone(values: pd.Series, reading: Reading) -> Coerced:
    """Times without an offset: the study's own, or those of the column's zone (`Reading.zone`)."""
    if reading.zone is None or not (values.dropna() != values.dropna().dt.normalize()).any():
        return _naive(values)
    shown: dict[str, Any] = {"zone": reading.zone, "n": int(values.notna().sum())}
    if reading.study_zone is None or reading.study_zone == reading.zone:
        return _naive(values, (("notice_zone_of_column", shown),), reading.zone)
    local = values.dt.tz_localize(
        reading.zone, ambiguous=np.ones(len(values), bool), nonexistent="shift_forward"
    )
    there = local.dt.tz_convert(reading.study_zone).dt.tz_localize(None)
    return _naive(
        there, (("notice_zone_converted", {**shown, "study": reading.study_zone}),), reading.study_zone
    )


def _naive(values: pd.Series, notes: tuple[Note, ...] = (), zone: str | None = None) -> Coerced:
    return Coerced(values, np.zeros(len(values), dtype=bool), notes, {"zone": zone} if zone else {})


def _zones(offsets: np.ndarray) -> str:
    return ", ".join(_offset(minutes) for minutes in np.unique(offsets)[:4])


def _offset(minutes: float) -> str:
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(int(minutes)), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours:02d}:{rest:02d}"


def _example(column: pd.Series) -> str:
    given = column.dropna()
    return "" if given.empty else str(given.iloc[0])
