"""The charts of a programme whose changes are known."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from whychurn.action.inputs import Section
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params
from whychurn.contract.params.all_sections import WatchParams
from whychurn.stats.parallel import Spread
from whychurn.stats.sources import member_blocks
from whychurn.watch.charts.calendar import study_calendar
from whychurn.watch.charts.section import Wanted, charts_section, count_members

sys.path.insert(0, str(Path(__file__).parent))
from made_inputs import MEMBERS, made_inputs

CHANGED_LEAVINGS = pd.Timestamp("2025-07-01")  # snapshot 15 is 2025-04-01; leavings show three months later


@pytest.fixture(scope="module")
def unchanged() -> Section:
    return charts_section(made_inputs())


def _alarms(section: Section, chart: str) -> Any:
    found = section.tables["watch_alarms"]
    return found[found["chart"] == chart].reset_index(drop=True)


def test_an_unchanged_programme_raises_no_alarm(unchanged: Section) -> None:
    assert unchanged.tables["watch_alarms"].empty
    assert unchanged.facts["open_alarms"] == [] and 0.1 < unchanged.facts["smallest_change"] < 0.8


def test_months_are_reference_then_judged(unchanged: Section) -> None:
    charts = unchanged.tables["watch_charts"]
    rows = charts[(charts["chart"] == "leavings") & (charts["group"] == "all")]
    assert rows["state"].tolist() == ["reference"] * 12 + ["judged"] * 8
    assert rows["month"].iloc[0] == pd.Timestamp("2024-04-01")
    assert (rows["observed"] / rows["expected"]).between(0.6, 1.6).all()
    assert set(charts["group"]) == {"all", "tier:gold", "tier:regular", *CAUSES}
    facts = unchanged.facts["charts"][0]
    assert facts["reference_from"] == "2024-04" and facts["reference_until"] == "2025-03"
    assert 0.1 < facts["smallest_seen"] < 0.8


def test_more_leavings_are_found_named_and_counted() -> None:
    alarms = _alarms(charts_section(made_inputs(factor=2.0)), "leavings")
    first = alarms[alarms["group"] == "all"].iloc[0]
    assert first["month"] <= CHANGED_LEAVINGS + pd.DateOffset(months=1)
    assert abs((first["since"] - CHANGED_LEAVINGS).days) <= 31
    assert first["direction"] == "more" and first["size_low"] < 2.1 < first["size_high"]
    assert 30 < first["members"] < 100  # 60 a month beyond the forecast of 60
    assert first["cost"] == pytest.approx(first["members"] * 100)
    assert first["open"] and first["command"].startswith("whychurn experiment run ")


def test_a_cause_that_grows_is_named() -> None:
    first = _alarms(charts_section(made_inputs(cause_from=1)), "mix").iloc[0]
    assert first["group"] == CAUSES[1] and first["direction"] == "more"
    assert abs((first["since"] - CHANGED_LEAVINGS).days) <= 31


def test_silence_is_seen_before_leavings() -> None:
    first = _alarms(charts_section(made_inputs(silent=2.0)), "silent").iloc[0]
    assert first["month"] < CHANGED_LEAVINGS
    assert first["direction"] == "more" and 1.1 < first["size_low"] < 2.0


def test_an_input_that_moves_forecasts_is_named() -> None:
    section = charts_section(made_inputs(shift=0.5))
    first = _alarms(section, "inputs").iloc[0]
    assert first["group"] == "visits" and first["month"] == pd.Timestamp("2025-03-01")
    rows = section.tables["watch_inputs"].set_index("feature")
    assert (rows.loc["visits", "effect"] > rows.loc["visits", "limit"]).sum() >= 8
    assert (rows.loc["risk", "effect"] < rows.loc["risk", "limit"]).all()


@pytest.mark.parametrize("blocks", [2, 7])
def test_blocks_of_members_give_the_same_bytes(unchanged: Section, blocks: int, tmp_path: Path) -> None:
    inputs = made_inputs()
    inputs.panel.to_parquet(tmp_path / "panel.parquet", index=False, row_group_size=5000)
    inputs.panel, inputs.block_members = tmp_path / "panel.parquet", -(-MEMBERS // blocks)
    split = charts_section(inputs)
    for name, table in unchanged.tables.items():
        pd.testing.assert_frame_equal(table, split.tables[name], check_exact=True)


def test_spark_counts_the_same(unchanged: Section, spark: Spread) -> None:
    inputs = made_inputs()
    inputs.block_members, inputs.spread = -(-MEMBERS // 2), spark
    split = charts_section(inputs)
    for name, table in unchanged.tables.items():
        pd.testing.assert_frame_equal(table, split.tables[name], check_exact=True)


def test_a_block_counts_its_own_members_and_leavers_of_whom_it_has_no_row() -> None:
    inputs = made_inputs()
    first = member_blocks(inputs.panel, 100)[0]
    leavings = inputs.churners.head(5).assign(**dict.fromkeys([f"p_{cause}" for cause in CAUSES], 0.2))
    calendar = study_calendar(inputs.panel, 90, inputs.observed_until)
    wanted = Wanted(calendar, ["all"], ["visits"], 1.0, 7, inputs.score, inputs.probability)
    counts = count_members(inputs.panel, first, leavings, wanted)
    assert counts["present"][0].tolist() == [100] * 24 and counts["told"][0].sum() == 5
    assert 80 * 24 < counts["effects"].sum() < 100 * 24
    blind = count_members(inputs.panel, first, leavings, replace(wanted, score=None, probability=None))
    assert blind["effects"].sum() == 0 == blind["closed"].sum() and (blind["told"] == counts["told"]).all()


def test_a_broken_export_silences_its_month_and_those_it_reaches() -> None:
    broken = pd.DataFrame(
        {"table": ["events"], "month": [CHANGED_LEAVINGS], "state": ["broken"], "why": ["nothing"]}
    )
    section = charts_section(made_inputs(factor=2.0), broken)
    charts = section.tables["watch_charts"]
    rows = charts[(charts["chart"] == "leavings") & (charts["group"] == "all")].set_index("month")
    assert (rows.loc["2025-07-01":"2025-10-01", "state"] == "silenced").all()
    empty = charts_section(made_inputs(factor=2.0), broken.assign(why="column_zero:events.value"))
    states = (
        empty.tables["watch_charts"]
        .query("chart == 'leavings' and group == 'all'")
        .set_index("month")["state"]
    )
    assert states[states == "silenced"].index.tolist() == [CHANGED_LEAVINGS], "no act is missing"
    assert _alarms(section, "leavings").empty or _alarms(section, "leavings")["month"].min() > pd.Timestamp(
        "2025-10-01"
    )


def test_a_new_reference_begins_where_it_is_said_to() -> None:
    inputs = made_inputs(factor=2.0, change=5)  # leavings from 2024-09 on
    before = charts_section(inputs).tables["watch_charts"]
    inputs.params = Params.model_validate({"watch": {"reference_from": "2024-09"}})
    section = charts_section(inputs)
    old, new = (
        table[(table["chart"] == "leavings") & (table["group"] == "all")]
        for table in (before, section.tables["watch_charts"])
    )
    assert new["state"].tolist() == ["shown"] * 5 + ["reference"] * 12 + ["judged"] * 3
    ratios = [(rows["observed"] / rows["expected"])[rows["state"] == "judged"].mean() for rows in (old, new)]
    assert ratios[0] > 1.2 and ratios[1] == pytest.approx(1, abs=0.12)
    assert section.facts["charts"][0]["reference_from"] == "2024-09"


@pytest.mark.parametrize("month", ["2024-13", "2024-9", "September"])
def test_a_reference_begins_in_a_month(month: str) -> None:
    assert WatchParams(reference_from="2024-09").reference_from == "2024-09"
    with pytest.raises(ValidationError, match="reference_from"):
        WatchParams(reference_from=month)


def test_forecasts_stand_beside_what_came_true(unchanged: Section) -> None:
    table = unchanged.tables["watch_forecast"]
    closed = table[table["auc"].notna()]
    assert len(table) == 24 and len(closed) == 18
    assert (closed["auc"] - closed["expected_auc"]).abs().max() < 0.12
    assert (closed["leavings"] / closed["expected_leavings"]).between(0.6, 1.5).all()
    assert ((closed["auc_low"] < closed["auc"]) & (closed["auc"] < closed["auc_high"])).all()


def test_without_a_model_or_months_what_can_be_said_is_said() -> None:
    inputs = made_inputs()
    inputs.score = inputs.probability = None
    section = charts_section(inputs)
    assert "watch_inputs" not in section.tables and section.tables["watch_forecast"].empty
    assert (section.tables["watch_charts"]["chart"] == "leavings").any()
    inputs.panel = inputs.panel[inputs.panel["as_of"] < "2024-06-01"]
    short = charts_section(inputs)
    assert set(short.tables["watch_charts"].query("chart == 'leavings'")["state"]) == {"shown"}
    inputs.panel = inputs.panel.head(0)
    assert charts_section(inputs).facts["why"] == "too_short"
