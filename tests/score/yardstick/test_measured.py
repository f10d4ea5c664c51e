"""Which rows of the yardstick may be quoted of a study, and what they say together."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from whychurn.score.yardstick.measured import COLUMNS, by_kind, kind_of, load_yardstick, supported, with_kind


def rows(*given: tuple[str, str, float, float], **more: Any) -> pd.DataFrame:
    facts = {"half": "test", "missing": "", "interviews": 0, "answers": 400, "without_records": 0} | more
    table = [
        facts | {"world": world, "method": method, "share_error_largest": error, "share_covered": covered}
        for world, method, error, covered in given
    ]
    return pd.DataFrame(table).reindex(columns=list(COLUMNS))


def test_kinds_go_by_what_there_is() -> None:
    assert [kind_of(answers, 0, False) for answers in (0, 299, 300)] == [
        "few_answers",
        "few_answers",
        "all_tables",
    ]
    assert kind_of(1000, 0, True) == "table_missing"
    assert [kind_of(0, asked, True) for asked in (40, 130, 150, 290, 900)] == [
        "asked_100", "asked_100", "asked_200", "asked_400", "asked_400",
    ]  # fmt: skip


def test_a_cause_without_records_counts_as_a_missing_table() -> None:
    table = rows(("a", "whychurn", 0.1, 1.0), without_records=2)
    assert with_kind(table)["kind"].to_list() == ["table_missing"]


def test_methods_are_compared_on_the_worlds_that_both_tell() -> None:
    table = rows(
        ("a", "whychurn", 0.02, 1.0),
        ("b", "whychurn", 0.10, 0.5),
        ("a", "survey", 0.04, 0.0),
        ("c", "survey", 0.9, 0),
    )
    found = by_kind(table).set_index("method")
    ours, survey = found.loc["whychurn"], found.loc["survey"]
    assert [ours["worlds"], survey["worlds"], survey["beaten"]] == [2, 1, 1]
    assert ours[["share_error_largest", "error_worst"]].to_list() == pytest.approx([0.06, 0.10])
    assert survey[["share_error_largest", "ours"]].to_list() == pytest.approx([0.04, 0.02])


def test_the_development_half_is_apart() -> None:
    table = pd.concat(
        [rows(("a", "whychurn", 0.02, 1.0)), rows(("b", "whychurn", 0.5, 0.0), half="development")]
    )
    assert by_kind(table)["share_error_largest"].to_list() == [0.02]
    assert by_kind(table, "development")["share_error_largest"].to_list() == [0.5]


@pytest.mark.parametrize(
    ("covered", "error", "holds"), [(0.95, 0.08, True), (0.85, 0.08, False), (0.95, 0.12, False)]
)
def test_shares_are_attributed_only_where_intervals_hold_and_one_sixth_is_beaten(
    covered: float, error: float, holds: bool
) -> None:
    table = rows(("a", "whychurn", error, covered), ("a", "one_sixth", 0.10, float("nan")))
    assert supported(table, 400, False) is holds
    assert not supported(table, 20, False) and not supported(table, 400, True), "not measured there"


def test_the_table_that_ships_is_whole() -> None:
    table = load_yardstick()
    assert list(table.columns) == list(COLUMNS) and not table.duplicated(["world", "method"]).any()
    assert table.loc[table["method"] == "whychurn", "share_covered"].dropna().between(0, 1).all()
