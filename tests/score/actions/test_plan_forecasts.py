"""Counts of simulated programmes whose plans kept what they promised."""

import numpy as np
import pandas as pd

from whychurn.score.actions.plan_forecasts import (
    COLUMNS,
    INACTIVITY,
    TERMS,
    Kept,
    kept,
    load_plan_forecasts,
)
from whychurn.world.setting.programme import load_programme


def test_programmes_are_counted_by_kind() -> None:
    rows = pd.DataFrame(
        [("a", TERMS, 100, 4.0, 1.0, 0), ("b", TERMS, 100, 4.0, 3.0, 1), ("c", TERMS, 100, -1.0, 2.0, 0),
         ("d", INACTIVITY, 100, 1.0, -1.0, 0), ("e", TERMS, 100, -2.0, -3.0, 1)], columns=list(COLUMNS),
    )  # fmt: skip
    assert kept(rows, TERMS) == Kept(programmes=4, held=2, half=2, more=1)
    assert kept(rows, INACTIVITY) == Kept(1, 0, 1, 0)


def test_the_rows_that_ship_are_of_known_programmes_and_kinds() -> None:
    rows = load_plan_forecasts()
    assert list(rows.columns) == list(COLUMNS) and rows["world"].is_unique and len(rows) >= 12
    programs = rows["world"].str.split("-").str[0]
    without = [load_programme(name).kind == INACTIVITY for name in programs]
    assert (rows["kind"] == np.where(without, INACTIVITY, TERMS)).all()
    assert rows["held"].isin([0, 1]).all() and rows[["expected", "brought"]].notna().all().all()
