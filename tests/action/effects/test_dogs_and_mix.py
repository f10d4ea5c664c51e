from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.action.effects.dogs import contact_aversion
from whychurn.action.effects.mix import Q_COLUMNS, cause_mix, causes_told, mixes, programme_shares
from whychurn.contract.causes import CAUSES


def _inputs(**changed: Any) -> Any:
    panel = pd.DataFrame(
        {
            "member_id": ["a", "b", "c", "a", "b", "c"],
            "as_of": pd.to_datetime(["2024-01-01"] * 3 + ["2024-02-01"] * 3),
            "still_there": True,
            "push_dismiss_rate_90d": [0.0, 0.5, np.nan, 0.9, 0.5, 0.2],
            "opted_out": [0, 0, 0, 1, 0, 0],
            "interactions_90d": [9, 5, 30, 1, 5, 30],
        }
    )
    shares = pd.DataFrame({"cause": [*CAUSES, "unknown"], "share": [0.3, 0.2, 0.2, 0.1, 0.1, 0.1, np.nan]})
    values = {
        "panel": panel,
        "cause_shares": shares,
        "mix_at": None,
        "once": lambda _, make: make(),
    } | changed
    return SimpleNamespace(**values)


def test_who_dismisses_opts_out_and_hardly_uses_looks_averse_to_contact() -> None:
    who = pd.Series(["a", "a", "c", "b", "a", "x"])
    day = pd.Series(
        pd.to_datetime(["2024-02-10", "2024-01-31", "2024-02-01", "2023-01-01", "2024-02-01", "2024-02-01"])
    )
    d = contact_aversion(_inputs(), who, day)
    assert d[0] == d[4] > 1 > d[1]  # not before the snapshot that shows it
    assert d[2] == 0  # uses much: contact drives her away no less than others, and does not keep her
    assert d[3] == d[5] == 0  # nothing known


def test_without_traces_nobody_looks_averse() -> None:
    bare = _inputs().panel[["member_id", "as_of", "still_there"]]
    assert (contact_aversion(_inputs(panel=bare), bare["member_id"], bare["as_of"]) == 0).all()


def test_where_causes_cannot_be_told_the_mix_is_the_programme_s() -> None:
    inputs, who = _inputs(), pd.Series(["a", "b"])
    q = cause_mix(inputs, who, pd.Series(pd.to_datetime(["2024-02-01"] * 2)))
    assert not causes_told(inputs)
    assert list(q.columns) == Q_COLUMNS
    assert q.to_numpy()[1] == pytest.approx([0.3, 0.2, 0.2, 0.1, 0.1, 0.1])


def test_the_mix_sums_to_one_and_unknown_members_get_the_shares() -> None:
    def mix_at(member_id: pd.Series, _: pd.Series) -> pd.DataFrame:
        table = pd.DataFrame(np.zeros((len(member_id), 6)), columns=Q_COLUMNS)
        table["p_price"] = [0.5, np.nan]
        table["p_natural"] = [0.3, np.nan]
        return table

    inputs = _inputs(mix_at=mix_at)
    found = mixes(inputs, pd.Series(["a", "x"]), pd.Series(pd.to_datetime(["2024-02-01"] * 2)))
    assert causes_told(inputs)
    assert found[Q_COLUMNS].sum(axis=1).to_numpy() == pytest.approx([1, 1])
    assert found["p_price"].to_numpy() == pytest.approx([0.625, 0.2])
    assert found["whole_price"].to_numpy() == pytest.approx([0.625, 0.2])  # no fit to all members: the same


def test_what_is_unknown_of_the_shares_is_spread_evenly() -> None:
    shares = pd.DataFrame({"cause": list(CAUSES), "share": [0.5, 0.1, np.nan, np.nan, np.nan, np.nan]})
    assert programme_shares(_inputs(cause_shares=shares)) == pytest.approx([0.5, 0.1, 0.1, 0.1, 0.1, 0.1])
    nothing = pd.DataFrame({"cause": pd.Series(dtype="string"), "share": pd.Series(dtype="float64")})
    assert programme_shares(_inputs(cause_shares=nothing)) == pytest.approx(np.full(6, 1 / 6))
