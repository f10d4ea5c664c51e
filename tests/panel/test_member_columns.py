"""Member columns written at leaving are left out of the panel and said; others stay."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.panel.features.catalogue import load_catalogue
from whychurn.panel.features.compute import check_member_columns, refuse_taken_names
from whychurn.panel.leakage.audit import raise_on_leakage
from whychurn.panel.leakage.member_columns import audit_rows, leak_sentence, leaking_member_columns

N = 600


@pytest.fixture
def programme() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Members with three further columns, and their stays; a third leaves."""
    rng = np.random.default_rng(2)
    entered = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 300, N), "D")
    left = rng.random(N) < 0.33
    ended = pd.Series(entered + pd.to_timedelta(rng.integers(40, 300, N), "D")).where(left)
    ids = [f"m{n}" for n in range(N)]
    spells = pd.DataFrame(
        {"member_id": ids, "spell_no": 1, "entered_on": entered, "ended_on": ended, "churned": left}
    )
    members = pd.DataFrame(
        {
            "member_id": ids,
            "closing_letter": np.where(left & (rng.random(N) < 0.8), rng.choice(["sent", "lost"], N), None),
            "坐席备注": np.where(left, "已办理", "无"),
            "club": rng.choice(["north", "south"], N),
        }
    )
    return members, spells


def params(*names: str, keep: tuple[str, ...] = ()) -> Params:
    panel = Params().panel.model_copy(update={"member_columns": list(names), "keep": list(keep)})
    return Params().model_copy(update={"panel": panel})


def test_they_are_found_said_and_do_not_stop_the_run(programme: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    members, spells = programme
    found = leaking_member_columns(members, spells, params("closing_letter", "坐席备注", "club"))
    assert found["column"].tolist() == ["closing_letter", "坐席备注"]
    rows = audit_rows(found)
    assert not rows["passed"].any() and rows["subject"].tolist() == ["closing_letter", "坐席备注"]
    raise_on_leakage(rows)
    for finding in found.to_dict("records"):
        for lang in ("en", "zh"):
            assert finding["column"] in leak_sentence(finding, lang) and "panel.keep" in leak_sentence(
                finding, lang
            )


def test_a_column_that_the_study_keeps_is_kept(programme: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    members, spells = programme
    kept = params("closing_letter", "club", keep=("closing_letter",))
    assert leaking_member_columns(members, spells, kept).empty


def test_names_must_exist_and_be_free(programme: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    with pytest.raises(WhychurnError, match="does not have"):
        check_member_columns(programme[0], ["clubs"])
    with pytest.raises(WhychurnError, match="own_age_band: age_band"):
        refuse_taken_names(["club", "age_band"], load_catalogue())
