"""No label window of an earlier part reaches into a later one, whatever the dates."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whychurn.contract.errors import WhychurnError
from whychurn.risk.model import training as train
from whychurn.risk.model.split import DataTooShortError, Split, forward_folds, split_forward


def _panel(months: int, horizon: int, members: int = 6, skip: tuple[int, ...] = ()) -> pd.DataFrame:
    days = [
        day for i, day in enumerate(pd.date_range("2023-01-01", periods=months, freq="MS")) if i not in skip
    ]
    frame = pd.DataFrame(
        [(f"m{i}", day) for i in range(members) for day in days], columns=["member_id", "as_of"]
    )
    late = frame["as_of"] + pd.Timedelta(days=horizon) > pd.Timestamp("2023-01-01") + pd.DateOffset(
        months=months
    )
    frame["churned_in_horizon"] = pd.Series(np.arange(len(frame)) % 2 == 0).astype("boolean").mask(late)
    return frame


@given(
    months=st.integers(1, 40),
    horizon=st.integers(1, 200),
    calibration=st.integers(1, 6),
    test=st.integers(1, 6),
    silence=st.integers(0, 90),
    skip=st.sets(st.integers(1, 39), max_size=10),
)
@settings(max_examples=120)
def test_label_windows_never_overlap_a_later_part(months, horizon, calibration, test, silence, skip):
    panel = _panel(months, horizon + silence, skip=tuple(skip))
    try:
        split = split_forward(panel, horizon, horizon + silence, calibration, test, seed=1)
    except DataTooShortError:
        return
    window, known = pd.Timedelta(days=horizon), pd.Timedelta(days=horizon + silence)
    rows = SimpleNamespace(**{part: panel[split.rows(part)] for part in ("train", "calibration", "test")})
    known = known if split.mode == "forward" else window  # too short a history for more
    for part in (rows.train, rows.calibration, rows.test):
        assert len(part)
        assert part["churned_in_horizon"].notna().all()
    assert rows.train["as_of"].max() + known <= rows.test["as_of"].min()
    assert rows.calibration["as_of"].max() + known <= rows.test["as_of"].min()
    if split.mode == "forward":
        assert rows.train["as_of"].max() + window <= rows.calibration["as_of"].min()
    else:
        assert not set(rows.train["member_id"]) & set(rows.calibration["member_id"])


def test_parts_of_a_long_history_are_the_wanted_ones():
    # 21 labelled months (90 days ≈ 3): test the last three, calibration the last three that end before
    split = split_forward(_panel(24, 90), 90, 90, 3, 3, seed=1)
    assert split.mode == "forward"
    assert [f"{day:%Y-%m}" for day in split.months["test"]] == ["2024-08", "2024-09", "2024-10"]
    assert [f"{day:%Y-%m}" for day in split.months["calibration"]] == ["2024-03", "2024-04", "2024-05"]
    assert split.months["train"][-1] == pd.Timestamp("2023-12-01")


def test_short_history_takes_fewer_months_then_other_members():
    short = split_forward(_panel(13, 90), 90, 90, 3, 3, seed=1)
    assert short.mode == "forward"
    assert (
        len(short.months["test"]) + len(short.months["calibration"]) < 6 and len(short.months["train"]) >= 3
    )
    assert split_forward(_panel(10, 120), 120, 120, 3, 3, seed=1).mode == "members"


def test_too_short_says_how_many_months_are_needed():
    with pytest.raises(DataTooShortError, match="about 7 months"):
        split_forward(_panel(5, 90), 90, 90, 3, 3, seed=1)


def test_folds_of_the_search_are_embargoed():
    months = list(pd.date_range("2024-01-01", periods=8, freq="MS"))
    folds = forward_folds(months, 90, 2)
    assert [day for _, day in folds] == months[-2:]
    for early, day in folds:
        assert max(early) + pd.Timedelta(days=90) <= day


def test_a_split_that_leaks_stops_the_run(monkeypatch, make_panel, params):
    panel = make_panel(members=60)
    months = sorted(panel.loc[panel["churned_in_horizon"].notna(), "as_of"].unique())
    parts = {
        "train": months[:4],
        "calibration": months[4:5],
        "test": months[5:],
    }  # next month, not after the window
    leaking = Split(pd.Series("train", index=panel.index), "forward", parts)
    monkeypatch.setattr(train, "split_forward", lambda *_: leaking)
    with pytest.raises(WhychurnError, match=r"reach \d+ days into the test period"):
        train.checked_split(panel, 90, 90, params)
