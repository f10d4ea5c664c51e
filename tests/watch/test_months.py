"""Month against month: parts that add up, words that fit, intervals that cover."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from whychurn.watch.inputs import MonthRecord, WatchInputs
from whychurn.watch.month_record import (
    amounts,
    avoidable_parts,
    data_digest,
    headline,
    last_whole_month,
    month_members,
    record_month,
    share_of,
)
from whychurn.watch.months.differences import chance_of_none, of_members, standard_errors
from whychurn.watch.months.restated import restated
from whychurn.watch.months.section import compare, months_section
from whychurn.watch.results import watch_results

Make = Callable[[], WatchInputs]
NOVEMBER = pd.Timestamp("2024-11-01")
PARTS = ["late_data", "new_definition", "new_model", "new_members", "remains"]


def with_record(inputs: WatchInputs, **told: object) -> WatchInputs:
    record = record_month(inputs, NOVEMBER)
    return replace(inputs, records=[MonthRecord(NOVEMBER, record.members, {**record.told, **told})])


def months(inputs: WatchInputs) -> pd.DataFrame:
    table = months_section(inputs).tables["watch_months"]
    return table.set_index("headline")


def test_the_last_whole_month() -> None:
    assert last_whole_month(pd.Timestamp("2024-12-31")) == pd.Timestamp("2024-12-01")
    assert last_whole_month(pd.Timestamp("2024-12-30")) == NOVEMBER


def test_a_month_tells_who_was_there_and_who_left(make: Make) -> None:
    members = month_members(make(), pd.Timestamp("2024-12-01"))
    assert members["present"].sum() == 560 and members["left"].sum() == 50
    told = {
        name: float(headline(one))
        for name, one in amounts(members, record_month(make(), NOVEMBER).told).items()
    }
    assert told["leavings"] == 50 and told["rate"] == pytest.approx(50 / 560) and told["cause:price"] == 0.5
    assert told["avoidable_share"] == pytest.approx(0.4)
    assert told["tier:gold"] == pytest.approx(25 / 280)
    assert avoidable_parts(make().cause_shares) == {
        "price": pytest.approx(0.6),
        "natural": pytest.approx(0.2),
    }


def test_without_an_earlier_month_it_says_so(make: Make) -> None:
    table = months(make())
    assert (
        set(table["word"]) == {"no_earlier"}
        and table["then"].isna().all()
        and table.loc["leavings", "now"] == 50
    )


def test_unchanged_rows_rules_and_model_leave_members_and_what_remains(make: Make) -> None:
    table = months(with_record(make()))
    assert table.loc["leavings", ["then", "now", "difference"]].tolist() == [40, 50, 10]
    assert np.allclose(table[PARTS[:3]], 0) and set(table["word"]) <= {"real", "not_told"}
    assert table.loc["leavings", "word"] == "not_told"  # 40 and 50 leavings differ by 1.05 standard errors
    error = (table.loc["leavings", "high"] - table.loc["leavings", "low"]) / 2 / 1.96
    assert error == pytest.approx(np.sqrt(90), rel=0.15)


@pytest.mark.parametrize(
    "late, rules, model", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (1, 1, 1)]
)
def test_parts_add_up_exactly(make: Make, late: int, rules: int, model: int) -> None:
    inputs = with_record(make())
    if late:
        gone = inputs.churners["member_id"] != inputs.churners["member_id"].iloc[0]
        inputs = replace(
            inputs,
            churners=inputs.churners[gone],
            tables={**inputs.tables, "orders": inputs.tables["orders"].iloc[1:]},
        )
    digests = {
        **inputs.digests,
        **({"parameters": "b"} if rules else {}),
        **({"model": "b"} if model else {}),
    }
    inputs = replace(inputs, digests=digests)
    if rules:
        business = inputs.params.business.model_copy(update={"margin_rate": 0.9})
        inputs = replace(inputs, params=inputs.params.model_copy(update={"business": business}))
    if model:
        inputs = replace(inputs, probability=lambda rows: np.full(len(rows), 0.3))
    table = months(inputs)
    assert np.allclose(
        table[PARTS].sum(axis=1), table["difference"], rtol=0, atol=1e-9 * table["now"].abs().max()
    )
    assert (table.loc["leavings", "late_data"] == -1) == bool(late)
    value = table.loc["value_at_risk"]
    assert (value["new_definition"] != 0) == bool(rules) and (value["new_model"] != 0) == bool(model)


def test_a_difference_that_the_model_makes_is_made_by_us(make: Make) -> None:
    riskier = replace(
        with_record(make()), digests={**make().digests, "model": "b"},
        probability=lambda rows: np.full(len(rows), 168 / len(rows)),
    )  # fmt: skip
    value = months(riskier).loc["value_at_risk"]
    assert value["word"] == "made_by_us" and value["new_model"] == pytest.approx(
        value["difference"], rel=0.05
    )


def test_a_larger_change_is_real(make: Make) -> None:
    inputs = with_record(make())
    more = inputs.churners.assign(
        left_on=inputs.churners["left_on"].where(inputs.churners.index < 5, "2024-12-15")
    )
    record = inputs.records[0]
    assert restated(record, inputs)[0][0] is record.members  # the same rows: nothing came in late
    rows = compare(
        MonthRecord(record.month, record.members, record.told),
        record_month(replace(inputs, churners=more), pd.Timestamp("2024-12-01")), inputs,
    )  # fmt: skip
    assert {row["headline"]: row["word"] for row in rows}["leavings"] == "real"


def test_the_digest_sees_a_late_row_and_not_the_order(make: Make) -> None:
    inputs = make()
    orders = inputs.tables["orders"]
    turned = replace(inputs, tables={**inputs.tables, "orders": orders.iloc[::-1]})
    fewer = replace(inputs, tables={**inputs.tables, "orders": orders.iloc[1:]})
    later = replace(inputs, tables={**inputs.tables, "orders": orders.iloc[:-1]})
    assert data_digest(inputs, NOVEMBER) == data_digest(turned, NOVEMBER) == data_digest(later, NOVEMBER)
    assert data_digest(inputs, NOVEMBER) != data_digest(fewer, NOVEMBER)


def test_a_headline_is_a_sum_or_a_share() -> None:
    assert share_of(3.0, None) == 3.0 and share_of(3.0, 4.0) == 0.75 and np.isnan(share_of(3.0, 0.0))


def test_errors_of_many_members_are_summed_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    rng, ids = np.random.default_rng(3), np.array([f"m{number:03d}" for number in range(300)])
    told = [(rng.random(300), None), (rng.random(300), rng.random(300))]
    sides = (ids, told), (ids[40:], [(one[40:], None if two is None else two[40:]) for one, two in told])
    whole = standard_errors(*sides, 7)
    monkeypatch.setattr("whychurn.watch.months.differences.BLOCK_MEMBERS", 70)
    assert standard_errors(*sides, 7) == pytest.approx(whole, rel=1e-9) and (whole > 0).all()


def test_members_part_is_what_other_members_would_do_at_the_same_rates() -> None:
    old, new = np.array([0] * 100 + [1] * 100), np.array([0] * 150 + [1] * 50)
    left_then = np.r_[np.repeat([1.0, 0.0], [20, 80]), np.repeat([1.0, 0.0], [10, 90])]
    then = (left_then, np.ones(200))
    now = (np.zeros(200), np.ones(200))
    assert of_members((then, old), (now, new)) == pytest.approx((150 * 0.2 + 50 * 0.1) / 200 - 0.15)


def test_intervals_of_the_difference_cover() -> None:
    """400 pairs of months of 800 members who share most members: 95 % intervals cover 93-97 %."""
    rng, covered, runs = np.random.default_rng(5), 0, 400
    ids = np.array([f"m{number}" for number in range(1000)])
    for run in range(runs):
        weak = rng.random(1000) < 0.3
        chance = np.where(weak, 0.15, 0.03)
        there = rng.random(1000) < 0.8
        first = there & (rng.random(1000) < chance)
        second = there & ~first & (rng.random(1000) < chance)
        present = [there.astype(float), (there & ~first).astype(float)]
        told = [(first.astype(float), present[0]), (second.astype(float), present[1])]
        error = standard_errors((ids, [told[0]]), (ids, [told[1]]), run)[0]
        mix = 0.3 * 0.15 * 0.85 + 0.7 * 0.03 * 0.97
        truth = mix / (0.3 * 0.85 + 0.7 * 0.97) - (0.3 * 0.15 + 0.7 * 0.03)
        difference = float(headline(told[1])) - float(headline(told[0]))
        covered += abs(difference - truth) <= 1.96 * error
    assert 0.925 <= covered / runs <= 0.975
    assert chance_of_none(np.array([1.96]), np.array([1.0]))[0] == pytest.approx(0.05, abs=1e-3)


def test_all_tables_of_watch_come_even_without_snapshots(make: Make) -> None:
    inputs = make()
    tables, facts, record = watch_results(replace(inputs, panel=inputs.panel.head(0)))
    assert record is None and facts["months"]["why_not"] == "no_snapshots" and tables["watch_months"].empty
