"""Leakage audit: a part of every run, and it fails the run."""

import logging
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.stats import rankdata

from whychurn.contract.arrays import Array
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_table
from whychurn.contract.results import columns_of

log = logging.getLogger(__name__)
COLUMNS: Final = columns_of("leakage")
DAY = pd.Timedelta(days=1)
RANKED_ROWS = 40_000  # enough to know an AUC to the second digit
LABELS: Final = (
    "member_id",
    "spell_no",
    "as_of",
    "start_on",
    "stop_on",
    "event",
    "still_there",
    "churned_in_horizon",
)
MAX_AUC: Final = 0.95  # a single feature above this is flagged as a leak


def audit_row(check: str, subject: str, value: float, bound: float) -> dict[str, object]:
    """One row of leakage.parquet: passed while `value` does not exceed `bound`."""
    return {
        "check": check,
        "subject": subject,
        "value": value,
        "bound": bound,
        "passed": bool(value <= bound),
    }


def check_labels(
    panel: pd.DataFrame, spells: pd.DataFrame, horizon_days: int, observed_until: pd.Timestamp
) -> pd.DataFrame:
    """Label windows and the reuse of a churn event, recounted from the spells.

    Counts of rows that break a rule, each of which must be zero: a label whose window was not wholly
    observed; a label that differs from the churn event in its window; an event outside its row's days; a row
    on or after the day of churn or before the member was seen; a churn event in more than one row.
    """
    ended = spells[["member_id", "spell_no", "entered_on", "last_active_on", "notice_on", "ended_on"]]
    rows = panel[list(LABELS)].merge(ended, on=["member_id", "spell_no"], how="left", validate="many_to_one")
    after = rows["as_of"] + horizon_days * DAY
    label = rows["churned_in_horizon"]
    waiting = (spells["ended_on"] - spells["last_active_on"]).max()  # the same for all; none left: not known
    known_on = after + (waiting if pd.notna(waiting) else 0 * DAY)
    inside = rows[["last_active_on", "notice_on"]].min(axis=1) < after
    left = (rows["ended_on"] > rows["start_on"]) & (rows["ended_on"] <= rows["stop_on"])
    broken = {
        "window not observed": label.notna() & (known_on > observed_until),
        "label of a member already gone": label.notna() & ~rows["still_there"],
        "label is not the leaving in its window": label.notna()
        & (label.fillna(False).astype(bool) != inside),
        "event outside its days": rows["event"] != left,
        "row after leaving or before entry": ~((rows["ended_on"] > rows["as_of"]) | rows["ended_on"].isna())
        | ~(rows["entered_on"] < rows["as_of"]),
        "leaving counted twice": rows["event"] & rows.duplicated(["member_id", "spell_no", "event"]),
    }
    return pd.DataFrame(
        [audit_row("labels", rule, float(mask.sum()), 0.0) for rule, mask in broken.items()],
        columns=list(COLUMNS),
    )


def check_split(
    train_as_of_max: pd.Timestamp, test_as_of_min: pd.Timestamp, horizon_days: int
) -> dict[str, object]:
    """No label window of a training row may reach into the test period.

    Returns
    -------
    dict
        A row of leakage.parquet: days of overlap, at most 0.

    Raises
    ------
    WhychurnError
        If the windows overlap.
    """
    overlap = (train_as_of_max + horizon_days * DAY - test_as_of_min) / DAY
    if overlap > 0:
        raise WhychurnError(
            f"label windows of training rows reach {overlap:.0f} days into the test period",
            remedy=f"leave at least {horizon_days} days between the last training "
            "and the first test snapshot",
        )
    return audit_row(
        "split", f"{train_as_of_max:%Y-%m-%d} before {test_as_of_min:%Y-%m-%d}", float(overlap), 0.0
    )


def labelled_places(panel: Path, seed: int) -> Array:
    """Numbers of rows with a label of a panel's file, at most `RANKED_ROWS` of them, drawn by `seed`."""
    label = read_table(panel, ["churned_in_horizon"])["churned_in_horizon"]
    drawn = pd.Series(np.flatnonzero(label.notna()))
    if len(drawn) > RANKED_ROWS:
        drawn = drawn.sample(RANKED_ROWS, random_state=seed)
    return drawn.to_numpy()


def rows_at(panel: Path, places: Array) -> pd.DataFrame:
    """Rows of a panel's file by their numbers, in that order."""
    order, first, parts = np.argsort(places, kind="stable"), 0, []
    wanted, file = places[order], pq.ParquetFile(panel)
    for number in range(file.num_row_groups):
        last = first + file.metadata.row_group(number).num_rows
        here = wanted[(wanted >= first) & (wanted < last)]
        if len(here):
            parts.append(file.read_row_group(number).take(here - first))
        first = last
    back = np.empty(len(order), dtype="int64")
    back[order] = np.arange(len(order))
    return (pa.concat_tables(parts) if parts else file.schema_arrow.empty_table()).take(back).to_pandas()


def single_feature_auc(panel: pd.DataFrame, catalogue: pd.DataFrame, seed: int) -> pd.Series:
    """AUC of each feature alone, by ranks and in the better direction; missing values rank lowest.

    A category is ranked by its churn rate in one half of the members and judged in the other half.

    Returns
    -------
    Series
        Feature -> AUC in [0.5, 1]; features without two values are left out; empty without two label values.
    """
    rows = panel[panel["churned_in_horizon"].notna()]
    label = rows["churned_in_horizon"].to_numpy(dtype=bool)
    if label.all() or not label.any():
        return pd.Series(dtype="float64")
    half = np.random.default_rng(seed).random(len(rows)) < 0.5
    aucs = {}
    for name, kind in zip(catalogue["name"], catalogue["kind"], strict=True):
        if rows[name].nunique(dropna=False) < 2:
            continue
        judged = ~half if kind == "category" else np.ones(len(rows), dtype=bool)
        score = (
            _category_rate(rows[name], label, half) if kind == "category" else rows[name].astype("float64")
        ).to_numpy(dtype="float64", na_value=np.nan)[judged]
        if 0 < label[judged].sum() < judged.sum():
            aucs[name] = _auc(np.where(np.isnan(score), -np.inf, score), label[judged])
    return pd.Series(aucs, dtype="float64")


def _category_rate(values: pd.Series, label: np.ndarray, half: np.ndarray) -> pd.Series:
    text = values.astype(object).where(values.notna(), "")
    rate = pd.Series(label[half].astype(float)).groupby(text[half].to_numpy()).mean()
    return text.map(rate).astype("float64")


def _auc(score: np.ndarray, label: np.ndarray) -> float:
    positive = int(label.sum())
    rank = rankdata(score)[label].sum() - positive * (positive + 1) / 2
    auc = float(rank / (positive * (len(label) - positive)))
    return max(auc, 1 - auc)


def check_single_features(
    panel: pd.DataFrame, catalogue: pd.DataFrame, bound: float, seed: int
) -> pd.DataFrame:
    """Flag features that foretell the label too well to be true; a flag is a warning, not an error."""
    aucs = single_feature_auc(panel, catalogue, seed)
    rows = [audit_row("single_feature_auc", str(name), float(auc), bound) for name, auc in aucs.items()]
    for row in rows:
        if not row["passed"]:
            log.warning(
                "feature %s alone has AUC %.3f: is it known before the day?", row["subject"], row["value"]
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def raise_on_leakage(findings: pd.DataFrame) -> None:
    """Stop the run where a feature changed with future rows, or labels break a rule.

    Raises
    ------
    WhychurnError
        Naming the features or rules.
    """
    told = findings["check"].eq("single_feature_auc") | findings["check"].str.startswith("member_column_")
    failed = findings[~findings["passed"] & ~told]
    if len(failed):
        raise WhychurnError(
            f"the panel leaks the future: {', '.join(sorted(set(failed['subject'])))}",
            file="leakage.parquet",
            remedy="a feature may use only rows known before its day; "
            "see the column `check` for the test that failed",
        )
