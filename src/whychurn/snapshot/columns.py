"""What becomes of each column of a snapshot: an input of the model, or left out and why."""

from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats.contingency import association

from whychurn.contract.params import Params
from whychurn.contract.results import columns_of
from whychurn.contract.snapshot.leaving_words import is_named
from whychurn.contract.tables import SNAPSHOT, TABLES
from whychurn.panel.feature_encoding import Feature
from whychurn.stats.leaking_columns import leaking_columns

MAX_LEVELS: Final = 30  # of a category; rarer ones are joined
OTHER: Final = "(other)"
ID_SHARE: Final = 0.5  # a text that differs for more than this share of the customers identifies them
TOGETHER: Final = 0.7  # columns related more closely than this (0 to 1) are told as one group
BINS: Final = 10


def choose_columns(frame: pd.DataFrame, params: Params) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Inputs of the model, and a record of every column.

    Parameters
    ----------
    frame
        Rows of the snapshot table: left, tenure and further columns.

    Returns
    -------
    inputs
        Numbers, flags, and texts of at most `MAX_LEVELS` values; days before the latest date in place of dates.
    record
        Table snapshot_columns.
    """
    names = [name for name in frame.columns if name not in TABLES[SNAPSHOT].fields]
    names = ["tenure", *names] if frame["tenure"].notna().any() else names
    judged = [name for name in names if name not in (*params.snapshot.keep, "tenure")]
    leaks = leaking_columns(frame[judged], frame["left"].to_numpy(dtype=bool), params.run.seed)
    found = {row["column"]: row for row in leaks.to_dict("records")}
    inputs: dict[str, pd.Series] = {}
    record = []
    for name in names:
        why = _why_not(name, frame[name], found, params)
        if why is None:
            inputs[name] = _input(frame[name])
        leak = found.get(name, {})
        figures = {figure: leak.get(figure, np.nan) for figure in ("value", "bound", "rows")}
        record.append({"column": name, "used": why is None, "why": why, **figures})
    return pd.DataFrame(inputs, index=frame.index), pd.DataFrame(
        record, columns=columns_of("snapshot_columns")
    )


def features_of(inputs: pd.DataFrame) -> list[Feature]:
    """Inputs as features; columns that go together are of one family, named by its columns."""
    families = _families(inputs)
    return [_feature(str(name), inputs[name], families[str(name)]) for name in inputs.columns]


def _feature(name: str, values: pd.Series, family: str) -> Feature:
    categories = tuple(sorted(values.dropna().astype(str).unique())) if _is_text(values) else None
    kind = "number" if categories is None else "category"
    return Feature(name, kind, family, None, "", 0, name, name, categories)


def _why_not(name: str, values: pd.Series, leaks: dict[str, Any], params: Params) -> str | None:
    if name in params.snapshot.leave_out:
        return "set"
    if values.nunique(dropna=False) < 2:
        return "constant"
    if name in leaks:
        return f"leak_{leaks[name]['why']}"
    filled = values.dropna()
    distinct = filled.nunique() / max(len(filled), 1)
    if _is_text(values) and distinct > ID_SHARE:
        return "id"
    whole = pd.api.types.is_numeric_dtype(values) and not (filled % 1).any()
    if whole and distinct == 1 and (is_named(name, "id_names") or filled.is_monotonic_increasing):
        return "id"
    return None


def _input(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        return (values.max() - values).dt.days.astype("float64")
    if not _is_text(values):
        return values.astype("float64")
    text = values.astype("string")
    common = text.value_counts().head(MAX_LEVELS).index
    return text.where(text.isin(common) | text.isna(), OTHER).astype(object)


def _is_text(values: pd.Series) -> bool:
    return not (
        pd.api.types.is_numeric_dtype(values)
        or pd.api.types.is_bool_dtype(values)
        or pd.api.types.is_datetime64_any_dtype(values)
    )


def _families(inputs: pd.DataFrame) -> dict[str, str]:
    """Column -> name of its group: average linkage of how closely columns are related."""
    names = [str(name) for name in inputs.columns]
    if len(names) < 2:
        return {name: name for name in names}
    close = np.eye(len(names))
    for i, j in zip(*np.triu_indices(len(names), k=1), strict=True):
        close[i, j] = close[j, i] = _related(inputs[names[i]], inputs[names[j]])
    tree = linkage(squareform(1 - close, checks=False), "average")
    group = fcluster(tree, 1 - TOGETHER, "distance")
    joined = {g: [name for name, own in zip(names, group, strict=True) if own == g] for g in set(group)}
    return {name: _group_name(joined[own]) for name, own in zip(names, group, strict=True)}


def _group_name(names: list[str]) -> str:
    return " + ".join(names[:3]) + (f" + {len(names) - 3}" if len(names) > 3 else "")


def _related(one: pd.Series, other: pd.Series) -> float:
    """Rank correlation of two numbers, without its sign; Cramér's V (Cramér 1946) of values or bins otherwise."""
    if not _is_text(one) and not _is_text(other):
        rho = one.corr(other, method="spearman")
        return 0.0 if np.isnan(rho) else abs(float(rho))
    table = pd.crosstab(_levels(one), _levels(other)).to_numpy()
    return float(association(table, method="cramer")) if min(table.shape) > 1 else 0.0


def _levels(values: pd.Series) -> pd.Series:
    if _is_text(values):
        return values.fillna("").astype(str)
    return pd.qcut(values, BINS, labels=False, duplicates="drop").fillna(-1)
