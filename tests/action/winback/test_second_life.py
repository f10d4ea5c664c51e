"""Value of a return: learnt from returners, shrunk to half of the first life where they are few."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from whychurn.action.winback.leavers import leavings
from whychurn.action.winback.second_life import BELIEVED, SHRINK, second_life

DAYS = 365


def _returners(leavers: SimpleNamespace, number: int, every: int, cause: str = "price", lasting: int = DAYS):
    """Leavers of day 100 back on day 200, who order for 10 every `every` days, `lasting` days long."""
    acts = {f"m{one:03d}": [1, *range(200, 200 + lasting, every)] for one in range(number)}
    causes = leavers.causes_of(dict.fromkeys(acts, cause))
    given = leavers.inputs(acts, dict.fromkeys(acts, 100), causes=causes)
    return second_life(leavings(given), given)


def test_nobody_returned_yet(leavers: SimpleNamespace) -> None:
    given = leavers.inputs({"a": [1]}, {"a": 100})
    life = second_life(leavings(given), given)
    assert (life.overall, life.returners, life.followed_days) == (BELIEVED, 0, 0)
    assert life.value(np.array([0.3]), pd.Series(["price"]), DAYS).tolist() == pytest.approx(
        [0.3 * DAYS * BELIEVED]
    )


def test_many_returners_tell_and_few_are_shrunk(leavers: SimpleNamespace) -> None:
    # ten a day in the first life's units of one a day: an order of 10 every 5 days is twice the first life
    many = _returners(leavers, 180, 5)
    weight = 180 / (180 + SHRINK)
    assert many.overall == pytest.approx(weight * 2 + (1 - weight) * BELIEVED)
    assert many.followed_days == DAYS and many.returners == 180
    few = _returners(leavers, 5, 5)
    assert few.overall == pytest.approx(0.2 * 2 + 0.8 * BELIEVED)


def test_a_second_life_that_ends_counts_its_silence(leavers: SimpleNamespace) -> None:
    whole, short = _returners(leavers, 50, 5), _returners(leavers, 50, 5, lasting=90)
    seen = (short.overall - (1 - 50 / 70) * BELIEVED) / (50 / 70)
    assert seen == pytest.approx(2 * 90 / DAYS, rel=0.02) and short.overall < whole.overall


def test_what_was_not_followed_is_no_silence(leavers: SimpleNamespace) -> None:
    """Half of the returners came back 60 days before the data end: they tell of two months only."""
    acts = {f"a{one:02d}": [1, *range(200, 565, 5)] for one in range(20)}
    acts |= {f"b{one:02d}": [1, *range(671, 731, 5)] for one in range(20)}
    given = leavers.inputs(acts, dict.fromkeys(acts, 100))
    life = second_life(leavings(given), given)
    assert life.overall == pytest.approx(40 / 60 * 2 + 20 / 60 * BELIEVED)


def test_causes_differ_as_far_as_returners_tell(leavers: SimpleNamespace) -> None:
    acts = {f"p{one:02d}": [1, *range(200, 565, 5)] for one in range(60)}
    acts |= {f"n{one:02d}": [1, *range(200, 565, 10)] for one in range(60)}
    causes = leavers.causes_of({member: "price" if member[0] == "p" else "natural" for member in acts})
    given = leavers.inputs(acts, dict.fromkeys(acts, 100), causes=causes)
    life = second_life(leavings(given), given)
    assert life.by_cause["price"] > life.overall > life.by_cause["natural"]
    value = life.value(np.array([0.3, 0.3]), pd.Series(["price", "competition"]), DAYS)
    assert value.tolist() == pytest.approx([0.3 * DAYS * life.by_cause["price"], 0.3 * DAYS * life.overall])


def test_goods_sent_back_bring_nothing(leavers: SimpleNamespace) -> None:
    acts = {f"m{one:03d}": [1, *range(200, 565, 5)] for one in range(50)}
    sold = leavers.orders(acts)
    given = leavers.inputs(
        acts, dict.fromkeys(acts, 100), orders=sold.assign(returned=pd.array([True] * len(sold)))
    )
    assert second_life(leavings(given), given).overall == pytest.approx(20 / 70 * BELIEVED)
