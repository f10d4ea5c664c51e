"""What became of members on whom an alert could have been given."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from whychurn.action.warnings.out_of_time import chances_in_time
from whychurn.action.warnings.past_months import leavers_in, past_rows


def test_rows_know_what_followed_and_only_where_it_can_be_known(planted: SimpleNamespace) -> None:
    given = planted.inputs({"gone": "2024-08-20", "stays": None})
    rows = past_rows(given)
    known = rows[rows["judged"]]
    assert known["as_of"].max() == pd.Timestamp("2024-12-01")  # 180 days before June 2025
    gone = known[known["member_id"] == "gone"]
    assert gone.loc[gone["right"] == 1, "as_of"].dt.month.tolist() == [6, 7, 8]
    assert (gone["last_presence"] == pd.Timestamp("2024-08-20")).all()
    assert not known.loc[known["member_id"] == "stays", "left"].any()
    assert leavers_in(rows, given)["member_id"].tolist() == ["gone"]
    assert rows.loc[rows["as_of"] == pd.Timestamp("2024-02-01"), "weeks"].iloc[0] == pytest.approx(29 / 7)


def test_an_alert_on_somebody_already_gone_is_not_right(planted: SimpleNamespace) -> None:
    frame = planted.panel({"silent": "2024-08-20"})
    last = frame["as_of"] == pd.Timestamp("2024-08-01")
    frame.loc[last, "seen_after"] = False
    rows = past_rows(planted.inputs({"silent": "2024-08-20"}, frame))
    of_august = rows[rows["as_of"] == pd.Timestamp("2024-08-01")].iloc[0]
    assert of_august["left"] == 1 and of_august["right"] == 0


def test_members_not_there_are_left_out(planted: SimpleNamespace) -> None:
    frame = planted.panel({"a": None})
    frame.loc[frame["as_of"] == pd.Timestamp("2024-03-01"), "still_there"] = False
    assert pd.Timestamp("2024-03-01") not in set(past_rows(planted.inputs({"a": None}, frame))["as_of"])


def test_past_chances_do_not_know_what_came_later(planted: SimpleNamespace) -> None:
    rng = np.random.default_rng(1)
    members = {f"m{number:03d}": None for number in range(200)}
    frame = planted.panel(members, orders_90d=lambda rows: rng.normal(size=len(rows)))
    risk = 1 / (1 + np.exp(2 * frame["orders_90d"]))
    frame["churned_in_horizon"] = pd.array(rng.random(len(frame)) < risk, dtype="boolean")
    given = planted.inputs(members, frame)
    rows = past_rows(given)
    first = chances_in_time(rows, given)
    assert first[rows["as_of"] < pd.Timestamp("2024-06-29")].isna().all()  # nothing was known for 180 days
    judged = first.notna()
    assert np.corrcoef(first[judged], rows.loc[judged, "orders_90d"])[0, 1] < -0.5
    later = rows["as_of"] > pd.Timestamp("2024-10-01")
    turned = rows.assign(left=rows["left"].mask(later, 1 - rows["left"]))
    early = rows["as_of"] <= pd.Timestamp("2025-03-01")
    pd.testing.assert_series_equal(chances_in_time(turned, given)[early], first[early])


def test_without_enough_leavers_there_is_no_chance(planted: SimpleNamespace) -> None:
    given = planted.inputs({"a": None, "b": "2024-08-20"})
    assert chances_in_time(past_rows(given), given).isna().all()
