"""Measures of alerts, on programmes where the answer is known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from whychurn.action.warnings.past_months import leavers_in, past_rows
from whychurn.action.warnings.quality import Source, quality_table, repeated_share, verdict
from whychurn.contract.params import Params


def _judge(planted: SimpleNamespace, members: dict[str, str | None], **flags: object) -> pd.DataFrame:
    given = planted.inputs(members)
    rows = past_rows(given)
    sources = {
        name: Source(np.asarray(rule(rows), bool), np.ones(len(rows), bool)) for name, rule in flags.items()
    }  # type: ignore[operator]
    return quality_table(rows, sources, leavers_in(rows, given), given.params).set_index("source")


def test_planted_lead_times_precision_and_recall(planted: SimpleNamespace) -> None:
    members = {
        "early": "2024-08-11",
        "late": "2024-08-06",
        "missed": "2024-09-15",
        "stays": None,
        "calm": None,
    }

    def rule(rows: pd.DataFrame) -> pd.Series:
        day = rows["as_of"].dt.strftime("%Y-%m")
        return (
            ((rows["member_id"] == "early") & (day == "2024-07"))
            | ((rows["member_id"] == "late") & (day == "2024-08"))
            | ((rows["member_id"] == "stays") & (day == "2024-05"))
            | ((rows["member_id"] == "stays") & (day == "2024-07"))
        )

    line = _judge(planted, members, rule=rule).loc["rule"]
    assert line["alerts"] == 4
    assert line["precision"] == pytest.approx(1 / 2)
    assert line["recall"] == pytest.approx(2 / 3)
    assert line["coverage"] == pytest.approx(1.0)
    assert line["lead_median_days"] == pytest.approx((41 + 5) / 2)
    assert line["lead_share"] == pytest.approx(1 / 2)  # 41 days are 14 or more, 5 are not
    assert line["still_there"] == 1
    # nine rows end within 90 days: three months of each of three leavers; 8 + 8 + 9 + 12 + 12 rows in all
    assert line["lift"] == pytest.approx((1 / 2) / (9 / 49))
    assert line["alerts_a_year"] == pytest.approx(4 / (_weeks(planted, members) / (365 / 7)))


def _weeks(planted: SimpleNamespace, members: dict[str, str | None]) -> float:
    rows = past_rows(planted.inputs(members))
    return float(rows.loc[rows["judged"], "weeks"].sum())


def test_alerts_on_those_already_gone_are_wrong_and_counted(planted: SimpleNamespace) -> None:
    frame = planted.panel({"silent": "2024-08-20", "stays": None})
    gone = (frame["member_id"] == "silent") & (frame["as_of"] == pd.Timestamp("2024-08-01"))
    frame.loc[gone, "seen_after"] = False
    given = planted.inputs({"silent": "2024-08-20", "stays": None}, frame)
    rows = past_rows(given)
    fires = ((rows["member_id"] == "silent") & (rows["as_of"] == pd.Timestamp("2024-08-01"))).to_numpy()
    table = quality_table(
        rows, {"rule": Source(fires, np.ones(len(rows), bool))}, leavers_in(rows, given), given.params
    )
    assert table["precision"].tolist() == [0.0] and table["still_there"].tolist() == [0.0]


def test_a_rule_that_is_noise_is_no_better_than_chance_and_a_true_one_is(planted: SimpleNamespace) -> None:
    rng = np.random.default_rng(3)
    members: dict[str, str | None] = {
        f"m{number:04d}": "2024-08-11" if number % 4 == 0 else None for number in range(2000)
    }
    noise = {member: rng.random() < 0.3 for member in members}
    leaves = {member: rng.random() < (0.6 if day else 0.2) for member, day in members.items()}
    table = _judge(
        planted,
        members,
        noise=lambda rows: rows["member_id"].map(noise),
        true=lambda rows: rows["member_id"].map(leaves),
        wrong=lambda rows: ~rows["member_id"].map(leaves),
    )
    assert [verdict(table.loc[name]) for name in ("noise", "true", "wrong")] == [
        "no_better", "better", "worse",
    ]  # fmt: skip
    assert table.loc["noise", "lift_low"] < 1 < table.loc["noise", "lift_high"]
    assert verdict(pd.Series({"lift_low": np.nan, "lift_high": np.nan})) == "unknown"


def test_intervals_count_members_not_rows(planted: SimpleNamespace) -> None:
    """All months of a member alike: twelve times the rows are no more members, and the interval is no narrower."""
    members: dict[str, str | None] = {f"m{number:03d}": None for number in range(300)}
    frame = planted.panel(members)
    leaver = frame["member_id"].str[1:].astype(int) % 3 == 0
    known = frame["churned_in_horizon"].notna()
    frame["churned_in_horizon"] = leaver.astype("boolean").where(known, pd.NA)

    def width(rows: pd.DataFrame) -> float:
        fires = np.ones(len(rows), bool)
        quiet = Params.model_validate({"privacy": {"min_cell": 1}, "action": {"warnings": {"quiet_days": 1}}})
        table = quality_table(
            rows, {"rule": Source(fires, fires)}, rows.loc[[], ["member_id", "spell_no"]], quiet
        )
        return float(table["high"].iloc[0] - table["low"].iloc[0])

    rows = past_rows(planted.inputs(members, frame))
    once = rows[rows["as_of"] == rows["as_of"].min()].reset_index(drop=True)
    assert width(rows) == pytest.approx(width(once), rel=0.01)


def test_the_model_may_have_flagged_earlier(planted: SimpleNamespace) -> None:
    members: dict[str, str | None] = {"a": "2024-08-11", "b": "2024-08-11", "c": None}
    table = _judge(
        planted,
        members,
        model=lambda rows: (rows["member_id"] == "a") & (rows["as_of"] == pd.Timestamp("2024-06-01")),
        rule=lambda rows: (rows["member_id"] != "c") & (rows["as_of"] == pd.Timestamp("2024-07-01")),
    )
    assert table.loc["rule", "earlier"] == pytest.approx(1 / 2)


def test_repeated_alerts_and_small_counts(planted: SimpleNamespace) -> None:
    given = planted.inputs({"a": "2024-08-11", "b": None})
    rows = past_rows(given)
    fires = (rows["member_id"] == "b").to_numpy()
    months = int(fires.sum())
    assert repeated_share(rows, fires, 1) == pytest.approx((months - 1) / months)
    assert np.isnan(repeated_share(rows, np.zeros(len(rows), bool), 1))
    few = Params.model_validate({"privacy": {"min_cell": 50}})
    table = quality_table(rows, {"rule": Source(fires, fires)}, leavers_in(rows, given), few)
    assert table[["alerts", "precision", "low", "lift", "recall"]].isna().all(axis=None)
