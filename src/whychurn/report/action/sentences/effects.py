"""What tests have shown of each action: members kept of 1,000, with intervals that agree with the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.action.pooled_tests import pooled_tests
from whychurn.contract.causes import RUNGS
from whychurn.labels import listed
from whychurn.report.action.names import cause_name
from whychurn.report.action.results import ActionResults
from whychurn.report.page.components.interval_rows import IntervalRow
from whychurn.report.page.components.numbers import bracketed, plain, signed
from whychurn.report.page.page_like import PageLike
from whychurn.report.words.readable_names import action_name

PER: Final = 1000  # effects are told as members kept of so many contacted
CAUSED: Final = "caused"
FORMATS: Final = {
    **dict.fromkeys(("treated", "control"), "int"),
    **dict.fromkeys(("found", "pays_from"), "number"),
    "q_value": "number",
}
_ENDS: Final = {"value": "effect", "low": "high", "high": "low"}  # fewer leave: the sign turns


def effect_rows(results: ActionResults) -> pd.DataFrame:
    """One row for each action that a test by lot measured, most kept first.

    Returns
    -------
    DataFrame
        action, cause (aimed at), treated, control, value, low, high (members kept of 1,000 contacted), q_value,
        smallest_seen, pays_from (the same unit, positive), rung and verdict (proven, harm, open).

    Notes
    -----
    Of actions read together, intervals are widened so that they agree with the verdicts: the level is that of
    Benjamini and Yekutieli (2005) for the R of m effects that are shown, and R + 1 for those that are not.
    """
    table = results["action_effects"]
    rows = table[
        (table["cause"] == "all")
        & (table["horizon_days"] == results.effect_days)
        & table["rung"].ne("associated")
    ]
    rows = _as_read_out(rows, results["action_tests"])
    rows = rows.dropna(subset=["effect", "low", "high"]).drop_duplicates("action")
    shown = (rows["rung"] == CAUSED).to_numpy()
    wide = _widened(rows, shown, results.false_discovery)
    kept = pd.DataFrame({name: -PER * wide[source] for name, source in _ENDS.items()}, index=rows.index)
    for name in ("smallest_seen", "pays_from"):
        kept[name] = PER * rows[name].abs()
    verdict = np.where(~shown, "open", np.where(kept["value"] > 0, "proven", "harm"))
    aimed = results["playbook"].dropna(subset=["cause"]).groupby("action")["cause"].agg(",".join)
    held = rows[["action", "treated", "control", "q_value", "rung"]]
    found = pd.concat([held, kept], axis=1).assign(verdict=verdict, cause=held["action"].map(aimed))
    order = ["value", "action"]
    return found.sort_values(order, ascending=[False, True], ignore_index=True)


def _as_read_out(rows: pd.DataFrame, tests: pd.DataFrame) -> pd.DataFrame:
    """The plain difference of all waves, on which the verdict stands, in place of the one that features adjust."""
    whole = pooled_tests(tests)
    plain_ones = {
        name: rows["action"].map(whole[name].astype("float64")).fillna(rows[name])
        for name in ("effect", "low", "high", "treated", "control")
    }
    return rows.assign(**plain_ones)


def _widened(rows: pd.DataFrame, shown: np.ndarray, level: float) -> pd.DataFrame:
    tested = int(rows["q_value"].notna().sum()) or 1
    chosen = min(int(shown.sum()), tested)
    factor = [
        max(1.0, stats.norm.isf(level * max(place, 1) / tested / 2) / stats.norm.isf(level / 2))
        for place in np.where(shown, chosen, min(chosen + 1, tested))
    ]
    return rows.assign(
        low=rows["effect"] - (rows["effect"] - rows["low"]) * factor,
        high=rows["effect"] + (rows["high"] - rows["effect"]) * factor,
    )


def shown_apart(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Rows of `effect_rows` that are proven or do harm, then the others: each part has one rung; empty parts are left out."""
    shown = rows["verdict"] != "open"
    return [part.reset_index(drop=True) for part in (rows[shown], rows[~shown]) if len(part)]


def effects_title(rows: pd.DataFrame, page: PageLike) -> list[str]:
    """The finding in one or two clauses; a page without any effect says why elsewhere."""
    by = {verdict: rows[rows["verdict"] == verdict] for verdict in ("proven", "harm", "open")}
    names = {verdict: _names(found, page) for verdict, found in by.items()}
    helpful = int((by["open"]["value"] > 0).sum())
    clauses = []
    if len(by["proven"]):
        key = "title_proven_one" if len(by["proven"]) == 1 else "title_proven"
        clauses.append(page.say(f"action.{key}", actions=names["proven"]))
    if len(by["harm"]):
        key = "title_harm_one" if len(by["harm"]) == 1 else "title_harm"
        clauses.append(page.say(f"action.{key}", actions=names["harm"]))
    if len(by["open"]):
        only = "title_open" if not clauses else "title_rest"
        counts = {"count": len(by["open"]), "helpful": helpful}
        clauses.append(page.say(f"action.{only}{'_one' if len(by['open']) == 1 else ''}", **counts))
    return clauses


def _names(rows: pd.DataFrame, page: PageLike) -> str:
    names = [action_name(action, page.lang) for action in rows["action"]]
    if len(names) > 3:
        names = [*names[:3], page.say("action.and_more", count=len(names) - 3)]
    return listed(names, page.lang)


def interval_of(row: Mapping[Any, Any], results: ActionResults, page: PageLike) -> IntervalRow:
    """Row of `effect_rows` as a dot with its interval."""
    counts = {name: page.members(row[name]) for name in ("treated", "control")}
    found = plain(row["smallest_seen"])
    detail = page.say("action.effect_detail", found=found, days=results.effect_days, **counts)
    value, low, high = (row[name] for name in ("value", "low", "high"))
    return IntervalRow(
        name=action_name(str(row["action"]), page.lang),
        value=value,
        low=low,
        high=high,
        text=signed(value),
        between=bracketed(low, high, page.lang),
        rung=str(row["rung"]),
        sub=page.say("action.meant_for", cause=cause_name(row["cause"], page.lang)),
        beside=page.say("action.arms", **counts),
        verdict="" if row["verdict"] == "open" else str(row["verdict"]),
        detail=detail,
    )


def effect_lines(rows: pd.DataFrame, results: ActionResults, page: PageLike) -> list[tuple[str, str]]:
    """Rung and sentence of each action that is shown to keep members or to drive them away."""
    lines = []
    for row in rows[rows["verdict"] != "open"].to_dict("records"):
        kept = abs(row["value"])
        ends = sorted((abs(row["low"]), abs(row["high"])))
        words = {
            "action": action_name(row["action"], page.lang),
            "kept": plain(kept),
            "between": bracketed(ends[0], ends[1], page.lang, plain),
            "days": results.effect_days,
        }
        lines.append((CAUSED, page.say(f"action.claim_{row['verdict']}", **words)))
    return lines


def unshown_lines(rows: pd.DataFrame, page: PageLike) -> list[tuple[str, str]]:
    """Rung and sentence of each action without a shown effect: what is possible, what the test could have found."""
    lines = []
    for row in rows[rows["verdict"] == "open"].to_dict("records"):
        words = {
            "action": action_name(row["action"], page.lang),
            "low": signed(row["low"]),
            "high": signed(row["high"]),
            "found": plain(row["smallest_seen"]),
            "pays": plain(row["pays_from"]) if np.isfinite(row["pays_from"]) else "",
        }
        lines.append(
            (row["rung"], page.say(f"action.claim_{'unworthy' if unworthy(row) else 'unshown'}", **words))
        )
    return lines


def effect_table(rows: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Rows of `effect_rows` in words, for those who check."""
    if rows.empty:
        return pd.DataFrame()
    ends = zip(rows["low"], rows["high"], strict=True)
    names = [action_name(action, page.lang) for action in rows["action"]]
    causes = [cause_name(cause, page.lang) for cause in rows["cause"]]
    between = [bracketed(low, high, page.lang) for low, high in ends]
    told = pd.DataFrame(
        {"action": names, "aimed_at": causes, "kept_of_1000": rows["value"].map(signed), "between": between}
    )
    held = rows[["treated", "control", "smallest_seen", "pays_from", "q_value"]].rename(
        columns={"smallest_seen": "found"}
    )
    return pd.concat([told, held.reset_index(drop=True)], axis=1)


def unworthy(row: Mapping[Any, Any]) -> bool:
    """Whether even the better end of the interval is below the smallest effect that pays."""
    pays = row["pays_from"]
    return bool(np.isfinite(pays) and row["high"] < pays)


def weakest_rung(rungs: pd.Series) -> str:
    """The weakest rung of several rows."""
    return min(rungs, key=RUNGS.index) if len(rungs) else "described"
