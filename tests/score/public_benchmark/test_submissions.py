"""Files that take part: read where they can count, refused with what to mend where they cannot."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError
from whychurn.score.method_answers import PROBABILITIES
from whychurn.score.public_benchmark.submissions import read_submission

MEMBERS = {"w1": {"007", "008"}, "w2": {"9"}}


def chances() -> pd.DataFrame:
    table = pd.DataFrame({"world": ["w1", "w1", "w2"], "member_id": ["007", "008", "9"]})
    return table.assign(**dict.fromkeys(PROBABILITIES, 1 / 6))


def shares() -> pd.DataFrame:
    rows = [(world, cause, 1 / 6, 0.1, 0.3) for world in MEMBERS for cause in CAUSES]
    return pd.DataFrame(rows, columns=["world", "cause", "share", "low", "high"])


def saved(table: pd.DataFrame, folder: Path, name: str = "mine.csv") -> Path:
    file = folder / name
    if file.suffix == ".parquet":
        table.to_parquet(file, index=False)
    else:
        table.to_csv(file, index=False)
    return file


@pytest.mark.parametrize("name", ["mine.csv", "mine.parquet"])
def test_chances_are_read_and_ids_keep_their_zeros(tmp_path: Path, name: str) -> None:
    found = read_submission(saved(chances(), tmp_path, name), MEMBERS)
    assert found.name == "mine" and found.shares is None and found.members is not None
    assert found.members["member_id"].to_list() == ["007", "008", "9"]


def test_shares_with_and_without_intervals(tmp_path: Path) -> None:
    found = read_submission(saved(shares(), tmp_path, "mine.shares.csv"), MEMBERS)
    assert found.name == "mine" and found.members is None and found.shares is not None
    plain = read_submission(saved(shares()[["world", "cause", "share"]], tmp_path), MEMBERS).shares
    assert plain is not None and plain[["low", "high"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="p_price"), "no column 'p_price'"),
        (lambda t: t.assign(world="w9"), "unknown world 'w9'"),
        (lambda t: t[t["world"] == "w1"], "nothing is said of world 'w2'"),
        (lambda t: t.assign(member_id=["007", "123", "9"]), "unknown member '123'"),
        (lambda t: t.assign(member_id=["007", "007", "9"]), "stands twice"),
        (lambda t: t.assign(p_price=[0.5, 1 / 6, 1 / 6]), "sum to 1.333"),
        (lambda t: t.assign(p_price=["much", 1 / 6, 1 / 6]), "'much' is no part of one"),
        (lambda t: t.assign(p_price=[-0.1, 1 / 6, 1 / 6]), "no part of one"),
    ],
)
def test_chances_that_cannot_count_are_refused(tmp_path: Path, change, message: str) -> None:
    with pytest.raises(WhychurnError, match=message) as raised:
        read_submission(saved(change(chances()), tmp_path), MEMBERS)
    assert "Remedy" in str(raised.value) and "mine.csv" in str(raised.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="share"), "no column 'share'"),
        (lambda t: t.assign(cause=t["cause"].replace("price", "prices")), "unknown cause 'prices'"),
        (lambda t: t[t["cause"] != "price"], "the 5 shares of world 'w1' sum to 0.833"),
        (lambda t: t.assign(share=0.2), "sum to 1.200"),
        (lambda t: t.assign(low=0.2), "does not hold its share"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "w1 product_service stands twice"),
    ],
)
def test_shares_that_cannot_count_are_refused(tmp_path: Path, change, message: str) -> None:
    with pytest.raises(WhychurnError, match=message):
        read_submission(saved(change(shares()), tmp_path), MEMBERS)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(WhychurnError, match="no such file"):
        read_submission(tmp_path / "none.csv", MEMBERS)
