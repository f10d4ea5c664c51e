"""Alarms of watch, scored beside what plainer checks say: 95 % limits of monthly shares, PSI and KS of inputs."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.contract.files import read_rows, read_table
from whychurn.score.watch.watch_scores import ALARM, watch_scores

LIMIT: Final = 1.96
PSI_LIMIT: Final = 0.2  # "significant shift" by the usual rule of thumb
KS_LEVEL: Final = 0.05
BINS: Final = 10
SAMPLE: Final = 1000  # members a month whose inputs are compared
WATCHED: Final = ("watch_charts", "watch_alarms", "watch_received")


def plain_limits(charts: pd.DataFrame) -> pd.DataFrame:
    """Months of `watch_charts` off the reference months by more than chance alone, each check for itself.

    All leavings against forecast: Poisson; the share of a cause among the month's leavings: binomial, by their number.

    Returns
    -------
    DataFrame
        method (plain_95), chart, group, month, since (the month itself), direction.
    """
    seen = charts[charts["state"].isin(["reference", "judged"])]
    main = seen["chart"].eq("leavings") & seen["group"].eq("all")
    leavings = seen[main].set_index("month")["observed"]
    flagged = []
    for (chart, _), rows in seen[main | seen["chart"].eq("mix")].groupby(["chart", "group"]):
        reference, judged = (rows[rows["state"] == state] for state in ("reference", "judged"))
        if reference.empty or judged.empty:
            continue
        if chart == "leavings":
            usual = judged["expected"] * reference["observed"].sum() / reference["expected"].sum()
            z = (judged["observed"] - usual) / np.sqrt(usual)
        else:
            share = reference["observed"].mean()
            z = (judged["observed"] - share) / np.sqrt(share * (1 - share) / judged["month"].map(leavings))
        off = judged[z.abs() > LIMIT]
        direction = np.where(z[off.index] > 0, "more", "less")
        flagged.append(off[["chart", "group", "month"]].assign(since=off["month"], direction=direction))
    columns = ["chart", "group", "month", "since", "direction"]
    rows = pd.concat(flagged, ignore_index=True) if flagged else pd.DataFrame(columns=columns)
    return rows.assign(method="plain_95")


def shifted_inputs(
    panel: pd.DataFrame, reference: list[pd.Timestamp], judged: list[pd.Timestamp]
) -> pd.DataFrame:
    """Months in which an input is distributed otherwise than in the reference months, by PSI and by KS.

    Parameters
    ----------
    panel
        Snapshots: as_of (one a month) and inputs, as `sampled_snapshots` reads them; numbers only are compared.
    reference, judged
        First days of months.

    Returns
    -------
    DataFrame
        method (psi, ks), chart (inputs), group (the input), month, since, direction (more).
    """
    month = _month(panel["as_of"])
    numbers = panel.select_dtypes("number").astype("float64")
    usual = numbers[month.isin(reference)]
    flagged: dict[str, list[tuple[str, pd.Timestamp]]] = {"ks": [], "psi": []}
    for day in judged:
        here = numbers[month == day]
        for name in numbers:
            before, now = (rows[name].dropna().to_numpy() for rows in (usual, here))
            if len(before) < BINS or len(now) < BINS:
                continue
            if stats.ks_2samp(before, now, method="asymp").pvalue < KS_LEVEL:
                flagged["ks"].append((str(name), day))
            if stability_index(before, now) > PSI_LIMIT:
                flagged["psi"].append((str(name), day))
    return pd.concat([_of_inputs(method, found) for method, found in flagged.items()], ignore_index=True)


def sampled_snapshots(snapshots: Path) -> pd.DataFrame:
    """The first `SAMPLE` rows of each month of the panel in the file `snapshots`."""
    days = read_table(snapshots, ["as_of"])["as_of"]
    return read_rows(snapshots, (days.groupby(_month(days)).cumcount() < SAMPLE).to_numpy())


def _month(days: pd.Series) -> pd.Series:
    return days.dt.to_period("M").dt.to_timestamp()


def _of_inputs(method: str, found: list[tuple[str, pd.Timestamp]]) -> pd.DataFrame:
    rows = pd.DataFrame(found, columns=["group", "month"])
    return rows.assign(method=method, chart="inputs", since=rows["month"], direction="more")


def stability_index(before: np.ndarray, now: np.ndarray) -> float:
    """Population stability index over tenths of `before`: sum of (q - p) ln(q / p), empty bins a half count."""
    edges = np.unique(np.quantile(before, np.linspace(0, 1, BINS + 1)[1:-1]))
    shares = []
    for values in (before, now):
        counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
        shares.append(np.maximum(counts, 0.5) / len(values))
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def score_watch(
    changes: Iterable[Mapping[str, Any]], told: Mapping[str, pd.DataFrame], snapshots: Path
) -> pd.DataFrame:
    """Scores of `watch_scores` for watch (watch) and for plain_95, ks and psi.

    Parameters
    ----------
    changes
        As planted.
    told
        Result tables `WATCHED`.
    snapshots
        File of the panel; read where months were judged.

    Returns
    -------
    DataFrame
        No rows where no month was judged.
    """
    charts = told["watch_charts"]
    main = charts[charts["chart"].eq("leavings") & charts["group"].eq("all")]
    reference, judged, silenced = (
        sorted(main.loc[main["state"] == state, "month"].unique())
        for state in ("reference", "judged", "silenced")
    )
    if not reference or not judged:
        return watch_scores([], pd.DataFrame(columns=ALARM), {})
    parts = [alarms_of(told), plain_limits(charts)]
    later = sorted([*judged, *(month for month in silenced if month > reference[-1])])
    parts += [
        shifted_inputs(sampled_snapshots(snapshots), reference, later)
    ]  # which no fault of an export silences
    alarms = pd.concat([part[ALARM] for part in parts if len(part)] or [pd.DataFrame(columns=ALARM)])
    months = dict.fromkeys(("watch", "plain_95"), len(judged)) | dict.fromkeys(("ks", "psi"), len(later))
    return watch_scores(changes, alarms.reset_index(drop=True), months)


def alarms_of(told: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Alarms of watch with the columns `ALARM`; a broken export is one, of the month itself."""
    received = told["watch_received"].query("state == 'broken'").rename(columns={"table": "group"})
    received = received.assign(chart="received", since=received["month"], direction="more")
    raised = told["watch_alarms"].query("chart != 'received'")
    return pd.concat([raised, received], ignore_index=True).assign(method="watch")
