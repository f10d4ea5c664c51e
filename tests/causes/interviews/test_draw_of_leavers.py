"""Whom to ask: chances that follow the entropy of the cause with a floor, a draw that keeps them, a sheet to fill in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.interviews.draw_of_leavers import (
    FLOOR,
    FRAME_COLUMNS,
    P_COLUMNS,
    SHEET_COLUMNS,
    draw_by_lot,
    interviewed_before,
    leavers_to_ask,
    members_at_risk,
    sheet_to_fill,
    sizes,
)

DAY = pd.Timestamp("2025-06-30")


def frame(n: int, seed: int = 0) -> pd.DataFrame:
    """Leavers of whom the cause is known more or less well."""
    rng = np.random.default_rng(seed)
    p = np.array([rng.dirichlet(np.full(6, alpha)) for alpha in rng.choice([0.01, 0.3, 5.0], n)])
    table = pd.DataFrame(p, columns=P_COLUMNS)
    return table.assign(member_id=[f"m{k:03d}" for k in range(n)], left_on=DAY, last_active_on=DAY)


def test_sizes_are_roots_of_the_entropy_with_a_floor() -> None:
    even, two, sure = np.full(6, 1 / 6), np.array([0.5, 0.5, 0, 0, 0, 0]), np.eye(6)[0]
    found = sizes(np.stack([even, two, sure]))
    roots = np.sqrt([np.log(6), np.log(2), 0])
    assert found[:2] == pytest.approx(roots[:2])
    assert found[2] == pytest.approx(FLOOR * roots.mean())


def test_what_is_not_told_counts_as_open() -> None:
    """No cause told: as uncertain as can be. Two untold causes share what the four leave."""
    nothing = np.full(6, np.nan)
    part = np.array([0.6, 0, 0, 0, np.nan, np.nan])
    found = sizes(np.stack([nothing, part]))
    p = np.array([0.6, 0.2, 0.2])
    assert found == pytest.approx(np.sqrt([np.log(6), -(p * np.log(p)).sum()]))


def test_certain_causes_everywhere_are_drawn_alike() -> None:
    assert sizes(np.eye(6)).tolist() == [1] * 6 and len(sizes(np.zeros((0, 6)))) == 0


def test_each_leaver_is_drawn_with_the_chance_that_is_written_and_the_budget_is_kept() -> None:
    """400 seeds: the standard error of a frequency is at most .025."""
    table = frame(40)
    times, chance = pd.Series(0, index=table["member_id"]), {}
    for seed in range(400):
        drawn = draw_by_lot(table, 12, seed)
        assert len(drawn) == 12
        times[drawn["member_id"]] += 1
        chance |= dict(zip(drawn["member_id"], drawn["asked_probability"], strict=True))
    assert times.min() > 0 and len(set(np.round(list(chance.values()), 6))) > 10
    assert (times / 400 - pd.Series(chance)).abs().max() < 0.09
    assert sum(chance.values()) == pytest.approx(12)


def test_shares_weighted_by_the_chances_are_those_of_all_leavers() -> None:
    """Those who are hard to tell left for another cause: unweighted means are off, weighted ones are not."""
    table = frame(300)
    hard = table[P_COLUMNS].max(axis=1) < 0.5
    plain, weighted = [], []
    for seed in range(100):
        drawn = draw_by_lot(table, 60, seed)
        is_hard, weight = (
            hard[drawn["member_id"].str[1:].astype(int)].to_numpy(),
            1 / drawn["asked_probability"],
        )
        plain.append(is_hard.mean())
        weighted.append((is_hard * weight).sum() / weight.sum())
    assert abs(np.mean(weighted) - hard.mean()) < 0.025 < abs(np.mean(plain) - hard.mean())


def test_the_same_seed_is_the_same_list_whatever_the_order_of_rows() -> None:
    table = frame(50)
    pd.testing.assert_frame_equal(draw_by_lot(table, 9, 4), draw_by_lot(table.iloc[::-1], 9, 4))
    assert draw_by_lot(table, 9, 4)["member_id"].tolist() != draw_by_lot(table, 9, 5)["member_id"].tolist()


def test_a_budget_beyond_the_leavers_asks_everybody_for_sure() -> None:
    drawn = draw_by_lot(frame(7), 200, 0)
    assert len(drawn) == 7 and drawn["asked_probability"].eq(1).all()


def test_the_list_is_in_random_order() -> None:
    """Who stops halfway has asked a random half: places do not follow ids or chances."""
    places = np.array([draw_by_lot(frame(60), 30, seed)["asked_probability"].rank() for seed in range(100)])
    first, last = places[:, :15].mean(), places[:, 15:].mean()
    assert abs(first - last) < 1.3  # ranks 1 to 30, standard error .32


@pytest.fixture
def churners() -> pd.DataFrame:
    rows = [
        ("a", 1, "2025-05-01", None, True), ("b", 1, "2025-02-01", "2025-04-01", True),
        ("b", 2, "2025-06-20", None, True), ("c", 1, "2024-01-01", None, True), ("d", 1, "2025-06-01", None, False),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["member_id", "spell_no", "left_on", "returned_on", "is_main"])
    dates = {name: pd.to_datetime(table[name]) for name in ("left_on", "returned_on")}
    return table.assign(**dates, last_active_on=dates["left_on"] - pd.Timedelta(days=30))


def test_leavers_are_those_of_the_months_under_the_main_definition_who_are_not_back(churners) -> None:
    causes = pd.DataFrame({"member_id": ["a", "b"], "spell_no": [1, 1], "status": "churned"})
    causes = causes.assign(**dict.fromkeys(P_COLUMNS, 1 / 6))
    found = leavers_to_ask(churners, causes, pd.Timestamp("2025-01-01")).set_index("member_id")
    assert found.index.tolist() == ["a", "b"] and found.loc["b", "left_on"] == pd.Timestamp("2025-06-20")
    assert found.loc["a", P_COLUMNS].notna().all() and found.loc["b", P_COLUMNS].isna().all()
    alone = leavers_to_ask(churners, None, pd.Timestamp("2025-01-01"))
    assert alone["member_id"].tolist() == ["a", "b"] and alone[P_COLUMNS].isna().all(axis=None)


def test_members_at_risk_reach_the_limit_or_are_the_first() -> None:
    scores = pd.DataFrame({"member_id": list("abcdefghij"), "p_churn": np.arange(10) / 20})
    assert set(members_at_risk(scores, None, 0.4, 0.1)["member_id"]) == {"i", "j"}
    assert set(members_at_risk(scores, None, 0.9, 0.3)["member_id"]) == {"h", "i", "j"}
    listed = members_at_risk(scores, None, 0.4, 0.1)
    assert listed[FRAME_COLUMNS].shape == (2, 8) and listed["left_on"].isna().all()


def test_who_was_interviewed_about_this_leaving_is_known(churners) -> None:
    surveys = pd.DataFrame(
        {
            "member_id": ["a", "b", "c"], "kind": ["interview", "interview", "exit"],
            "sent_at": pd.to_datetime(["2025-06-01", "2025-03-01", "2025-06-01"]),
        }
    )  # fmt: skip
    found = leavers_to_ask(churners, None, pd.Timestamp("2023-01-01"))
    before = dict(zip(found["member_id"], interviewed_before(found, surveys), strict=True))
    assert before == {"a": True, "b": False, "c": False}, "b was asked about the first leaving"


def test_a_sheet_is_a_table_of_surveys_without_answers() -> None:
    drawn = draw_by_lot(frame(9), 4, 1)
    taken = pd.Series(["I20250701-0003", "Q1", None], dtype="string")
    sheet = sheet_to_fill(drawn, "left", pd.Timestamp("2025-07-01"), taken)
    assert list(sheet) == SHEET_COLUMNS and sheet["survey_id"].tolist()[0] == "I20250701-0004"
    assert sheet[["answered_at", "reason", "coder", "comment"]].isna().all(axis=None)
    assert sheet["left_on"].eq("2025-06").all() and sheet["kind"].eq("interview").all()
    assert sheet["asked_probability"].tolist() == pytest.approx(drawn["asked_probability"].tolist(), abs=1e-6)
