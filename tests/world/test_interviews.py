"""Interviews of leavers drawn by lot: chances that are kept, who answers by cause, codes, and what stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from whychurn.world.setting.programme import Interview, load_programme
from whychurn.world.tables.interviews import CODERS, interviews_table

BIG = {"members": 6000, "months": 24, "interviews": 600}


def held(block: object) -> pd.DataFrame:
    """Interviews with the true cause of the last leaving before the call, one row a coder."""
    surveys = block.tables["surveys"]
    table = surveys[surveys["kind"] == "interview"]
    truth = block.truth["member_causes"].query("status == 'churned'")[["member_id", "left_on", "cause"]]
    both = table.merge(truth, on="member_id").query("left_on <= sent_at").sort_values("left_on")
    return both.drop_duplicates(["survey_id", "coder"], keep="last")


@pytest.mark.parametrize("name", ["shop", "gym", "school", "app"])
def test_about_as_many_answer_as_wanted_and_the_chances_are_known(blocks: Callable, name: str) -> None:
    block = blocks(program=name, members=3000, months=24, interviews=100)
    each = held(block).drop_duplicates("survey_id")
    assert 75 <= each["answered_at"].notna().sum() <= 125
    chance = each["asked_probability"]
    assert chance.between(0, 1, inclusive="right").all() and chance.nunique() > 10
    assert each["sent_at"].max() < pd.Timestamp("2025-12-31")


def test_only_members_who_may_be_profiled_are_asked(blocks: Callable) -> None:
    block = blocks(members=3000, months=24, interviews=100)
    agreed = block.tables["members"].set_index("member_id")["profiling_consent"]
    assert agreed.reindex(held(block)["member_id"]).eq(True).all()


def test_silent_ones_have_neither_answer_nor_coder(blocks: Callable) -> None:
    table = held(blocks(**BIG))
    silent = table["answered_at"].isna()
    assert silent.any() and table.loc[silent, ["reason", "coder"]].isna().all(axis=None)
    assert table.loc[~silent, "coder"].isin(CODERS).all() and table.loc[~silent, "reason"].notna().all()


def test_who_answers_depends_on_the_cause_as_the_programme_says(blocks: Callable) -> None:
    block = blocks(**BIG)
    each = held(block).drop_duplicates("survey_id")
    rates = load_programme("shop").interview.answering
    for cause, part in each.groupby("cause"):
        n, share = len(part), part["answered_at"].notna().mean()
        assert abs(share - rates[cause]) < 4 * np.sqrt(0.25 / n), cause
    late = (each["answered_at"] - each["sent_at"]).dt.days
    assert set(late.dropna().unique()) == {0, 10, 21}


def test_codes_are_right_as_often_as_the_programme_says_and_some_are_coded_twice(blocks: Callable) -> None:
    table = held(blocks(**BIG)).dropna(subset=["reason"])
    interview = load_programme("shop").interview
    wanted = table["cause"].map(interview.accuracy).mean() * interview.coded
    assert (table["reason"] == table["cause"]).mean() == pytest.approx(wanted, abs=0.03)
    coders = table.groupby("survey_id")["coder"].agg(["size", "nunique"])
    assert (coders["size"] == coders["nunique"]).all() and coders["size"].max() == 2
    assert (coders["size"] == 2).mean() == pytest.approx(interview.twice, abs=0.05)


def test_weights_by_the_chances_give_the_means_of_all_leavers(simulated: Callable) -> None:
    """Years of membership, which the chances follow: weighted right on the mean of 40 draws, without weights too long."""
    lives, scenario = simulated(members=2000, months=24, interviews=60)
    members = pd.DataFrame({"profiling_consent": pd.array([True] * 2000, dtype="boolean")})
    joined = pd.Series(lives.members.joined, index=lives.members.ids)
    willing = dict.fromkeys(load_programme("shop").interview.answering, 1.0)
    interview = Interview(**{**scenario.programme.interview.model_dump(), "answering": willing})
    programme = scenario.programme.model_copy(update={"interview": interview})
    drawn = [
        interviews_table(replace(scenario, programme=programme), lives, members, 0, np.random.default_rng(n))
        for n in range(40)
    ]
    totals = [(1 / one.drop_duplicates("survey_id")["asked_probability"]).sum() for one in drawn]
    leavers = lives.leavers
    until = scenario.clock.days - 130 - 22
    within = leavers["left_day"].between(until - 365, until, inclusive="left")
    who = leavers["position"].to_numpy()
    back_late = ((leavers["spell"] == 1) & (lives.exits.returned[who] <= leavers["left_day"] + 90))[
        within
    ].sum()
    total = within.sum()
    assert total - back_late - 40 < np.mean(totals) <= total
    plain = np.mean([joined[one["member_id"]].mean() for one in drawn])
    assert plain < joined.to_numpy()[who[within.to_numpy()]].mean() - 30


def test_other_tables_and_rows_stay_as_they_are(blocks: Callable) -> None:
    without, with_them = blocks(members=1000), blocks(members=1000, interviews=30)
    for name, table in without.tables.items():
        if name != "surveys":
            pd.testing.assert_frame_equal(table, with_them.tables[name])
    surveys = with_them.tables["surveys"]
    rest = surveys[surveys["kind"] != "interview"][without.tables["surveys"].columns]
    pd.testing.assert_frame_equal(rest, without.tables["surveys"], check_dtype=False)
    assert "coder" not in without.tables["surveys"]


def test_a_company_without_other_surveys_may_interview(blocks: Callable) -> None:
    block = blocks(members=1000, months=24, interviews=30, program="app", mechanism="nothing_recorded")
    assert set(block.tables["surveys"]["kind"]) == {"interview"}


def test_interview_ids_differ_between_blocks(simulated: Callable) -> None:
    lives, scenario = simulated(members=1200, months=24, interviews=20)
    members = pd.DataFrame({"profiling_consent": pd.array([True] * 1200, dtype="boolean")})
    ids = [
        set(interviews_table(scenario, lives, members, block, np.random.default_rng(1))["survey_id"])
        for block in (0, 1)
    ]
    assert ids[0] and not ids[0] & ids[1]
