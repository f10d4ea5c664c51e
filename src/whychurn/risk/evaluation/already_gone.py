"""How many of those who would be listed had already gone: never seen again from the day of the list on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whychurn.contract.codes import RISK_MODEL
from whychurn.contract.params import Params
from whychurn.panel.feature_encoding import encode
from whychurn.risk.model.training import Trained
from whychurn.stats.bootstrap import percentiles, weights_in_turn

COLUMNS = [
    "model", "part", "stratum_kind", "stratum", "metric", "estimate", "low", "high", "rows",
    "members", "events",
]  # fmt: skip
PRESENCE = ("still_there", "seen_after", "days_silent", "usual_gap_days")


def measure_gone(panel: pd.DataFrame, trained: Trained, params: Params) -> pd.DataFrame:
    """Rows of risk_metrics on who was never seen again, among the test months' members.

    Returns
    -------
    DataFrame
        ``stratum_kind`` listed: ``gone_K``, the share already gone among the top K % by the model's probability,
        where the list holds members still there (``still_there``), and where it holds everybody (``everybody``:
        what would be listed if silence were not looked at). ``stratum_kind`` apart: ``gone``, the same share of
        those who stand apart for their silence or the end of their term (not for a notice). Empty where the panel does not say who was still there.
    """
    if any(name not in panel for name in PRESENCE):
        return pd.DataFrame(columns=COLUMNS)
    rows = panel[panel["as_of"].isin(trained.split.months["test"]) & panel["seen_after"].notna()]
    gone = ~rows["seen_after"].to_numpy(dtype=bool)
    there = rows["still_there"].to_numpy(dtype=bool)
    silent = (rows["days_silent"] > rows["usual_gap_days"]).to_numpy(dtype=bool)
    p = trained.probability(RISK_MODEL, encode(rows, trained.features))
    lines = []
    for stratum, listed in (("still_there", there), ("everybody", np.ones(len(rows), dtype=bool))):
        ranked = np.flatnonzero(listed)[np.argsort(-p[listed], kind="stable")]
        for share in params.risk.lift_shares:
            top = ranked[: int(np.ceil(share * len(ranked)))]
            lines.append(_line(rows, gone, top, ("listed", stratum, f"gone_{share * 100:g}"), params))
    lines.append(_line(rows, gone, np.flatnonzero(silent), ("apart", "already_gone", "gone"), params))
    return pd.DataFrame([line for line in lines if line["rows"]], columns=COLUMNS)


def with_gone(metrics: pd.DataFrame, gone: pd.DataFrame) -> pd.DataFrame:
    """Table risk_metrics: `metrics` with the rows of `measure_gone` below."""
    return pd.concat([metrics, gone] if len(gone) else [metrics], ignore_index=True).assign(note=None)


def _line(
    rows: pd.DataFrame, gone: np.ndarray, chosen: np.ndarray, names: tuple[str, str, str], params: Params
) -> dict[str, object]:
    """Share of the `chosen` rows that are gone, with its interval by bootstrap of members."""
    members = rows["member_id"].to_numpy()[chosen]
    line: dict[str, object] = {"model": RISK_MODEL, "part": "test"}
    line |= dict(zip(("stratum_kind", "stratum", "metric"), names, strict=True))
    if not len(chosen):
        return {**line, "rows": 0}
    weights = weights_in_turn(members, params.risk.bootstrap, params.run.seed).astype("float64")
    total = weights.sum(axis=1)
    drawn = weights @ gone[chosen] / np.where(total > 0, total, np.nan)
    low, high = percentiles(drawn, params.run.confidence)
    sizes = {"rows": len(chosen), "members": pd.Series(members).nunique(), "events": int(gone[chosen].sum())}
    return {**line, "estimate": float(gone[chosen].mean()), "low": low, "high": high, **sizes}
