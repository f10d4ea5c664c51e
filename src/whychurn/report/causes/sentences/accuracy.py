"""How accurate attribution was on simulated programmes built otherwise than the method assumes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from whychurn.report.causes.sentences.method_overview import MEASURES, method_name, method_overview
from whychurn.report.page.page_like import PageLike
from whychurn.score.yardstick.measured import (
    KINDS,
    ONE_SIXTH,
    OURS,
    RIVALS,
    by_kind,
    kind_of,
    load_yardstick,
    with_kind,
)

FORMATS: Final = dict.fromkeys(
    ("ece", "accuracy_named", "abstained", "share_error_largest", "avoidable_error_largest"), "percent"
) | dict.fromkeys(("skill", "log_loss"), "number")
KIND_FORMATS: Final = {"worlds": "int"} | dict.fromkeys(
    ("ours", "error_worst", *RIVALS, "share_covered", "avoidable_covered", "right", "said"), "percent"
)


def kind_of_study(facts: Mapping[str, Any]) -> str:
    """Kind of simulated programme that a study with these `facts` (causes.json) is put beside, one of `KINDS`."""
    interviews = facts.get("interviews") or {}
    asked = int(interviews.get("answered_by_lot") or 0) if interviews.get("basis") == "lot" else 0
    return kind_of(float(facts.get("answered") or 0), asked, bool(facts.get("without_records")))


def measured_worlds(kind: str) -> pd.DataFrame:
    """Programmes of the test half of this kind on which shares were given, a row each."""
    rows = with_kind(load_yardstick())
    shown = rows["half"].eq("test") & rows["method"].eq(OURS) & rows["share_error_largest"].notna()
    return rows[shown & rows["kind"].eq(kind)]


def first_lines(rows: pd.DataFrame, kind: str, page: PageLike) -> list[str]:
    """The first word on accuracy: largest error of a share on programmes of this kind, and what is better there.

    Parameters
    ----------
    rows
        As `measured.load_yardstick` returns them; empty where nothing was measured on this kind.
    """
    table = by_kind(rows)
    table = table[table["kind"] == kind].set_index("method")
    if OURS not in table.index:
        return []
    ours, even = table.loc[OURS], table.loc[ONE_SIXTH]
    words = {
        "worlds": page.format(ours["worlds"], "int"),
        "kind": page.say(f"causes.kind_{kind}"),
        "error": page.format(ours["share_error_largest"], "percent"),
        "worst": page.format(ours["error_worst"], "percent"),
        "even": page.format(even["share_error_largest"], "percent"),
    }
    return [page.say("causes.yardstick_first", **words), *_better(table, page)]


def first_headline(rows: pd.DataFrame, kind: str, page: PageLike) -> list[tuple[str, float, str, str]]:
    """Key, plain number, sentence and rung of the largest error of a share, for the index; empty if not measured."""
    table = by_kind(rows)
    errors = table[table["kind"] == kind].set_index("method")["share_error_largest"]
    if OURS not in errors.index:
        return []
    words = {"error": page.format(errors[OURS], "percent"), "even": page.format(errors[ONE_SIXTH], "percent")}
    text = page.say("causes.head_measured", **words)
    return [("how_sure.shares", float(errors[OURS]), text, "described")]


def _better(table: pd.DataFrame, page: PageLike) -> list[str]:
    """One sentence for each baseline that was closer on the same programmes."""
    lines = []
    closer = table[table["share_error_largest"].to_numpy("float64") < table["ours"].to_numpy("float64")]
    for name, error, ours in zip(closer.index, closer["share_error_largest"], closer["ours"], strict=True):
        words = {"error": page.format(error, "percent"), "ours": page.format(ours, "percent")}
        lines.append(page.say("causes.yardstick_better", method=method_name(str(name), page.lang), **words))
    return lines


def measured(rows: pd.DataFrame, kind: str, page: PageLike) -> list[str]:
    """What else was measured on programmes of this kind: intervals, names, and that they are simulated."""
    table = by_kind(rows)
    table = table[(table["kind"] == kind) & (table["method"] == OURS)]
    if table.empty:
        return [page.say("causes.claim_unmeasured")]
    words = {
        name: page.format(table[column].iloc[0], "percent")
        for name, column in {"covered": "share_covered", "avoidable_covered": "avoidable_covered"}.items()
    } | {name: page.format(table[name].iloc[0], "percent") for name in ("named", "right", "said")}
    return [page.say("causes.yardstick_interval", **words), page.say("causes.yardstick_simulated")]


def kind_table(rows: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Mean largest error of a share by kind of programme, beside the baselines on the same programmes.

    Returns
    -------
    DataFrame
        programme_kind (in words), and the columns of `KIND_FORMATS`: ours (mean), error_worst, the baselines, part of the
        intervals that hold, how often named causes are right and said to be. Kinds not measured have no row.
    """
    table = by_kind(rows)
    own = table[table["method"] == OURS].set_index("kind")
    errors = table.pivot(index="kind", columns="method", values="share_error_largest")
    errors = errors.reindex(index=[kind for kind in KINDS if kind in own.index], columns=list(RIVALS))
    told = own.reindex(errors.index).drop(columns=["method"]).join(errors).reset_index()
    names = [page.say(f"causes.kind_{kind}") for kind in told["kind"]]
    return told.assign(programme_kind=names)[["programme_kind", *KIND_FORMATS]]


def scored(scores: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Scores of this study's methods, with readable names; empty where there is no ground truth."""
    table = method_overview(scores)[["method", *MEASURES]]
    return table.assign(method=[method_name(method, page.lang) for method in table["method"]])
