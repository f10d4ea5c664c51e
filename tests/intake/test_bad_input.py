"""Bad input: a clear message or a correct result, never a traceback and never silence."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_table
from whychurn.contract.params import load_params
from whychurn.intake.check.all_tables import read_and_check
from whychurn.intake.read.source import open_source

KEEP_IDS = {"privacy": {"pseudonymize": False}}


def message(study, build) -> str:
    with pytest.raises(WhychurnError) as caught:
        build(study)
    assert caught.value.remedy, "an error a user can mend says how"
    return str(caught.value)


def test_missing_folder(make_study, build, tables) -> None:
    study = make_study(tables, {"intake": {"source": "elsewhere"}})
    assert "elsewhere" in message(study, build)


def test_no_activity_table(make_study, build, tables) -> None:
    study = make_study({"members": tables["members"]})
    assert "orders, memberships, events" in message(study, build)


def test_empty_file(make_study, build, tables) -> None:
    study = make_study(tables)
    (study.raw / "orders.csv").write_bytes(b"")
    assert "empty" in message(study, build)


def test_header_only(make_study, build, tables) -> None:
    study = make_study({**tables, "members": tables["members"].iloc[:0]})
    assert "members" in message(study, build)
    study = make_study({**tables, "orders": tables["orders"].iloc[:0]}, name="no_orders")
    assert "no usable activity" in message(study, build)


def test_header_only_of_an_optional_table_is_as_if_absent(make_study, build, tables) -> None:
    touches = pd.DataFrame(columns=["touch_id", "member_id", "campaign_id", "sent_at", "action"])
    facts = build(make_study({**tables, "touches": touches}))
    assert facts["tables"]["touches"]["read"] == 0
    assert not {q["id"]: q["answerable"] for q in facts["questions"]}["what_keeps"]


def test_missing_required_column_names_the_nearest(make_study, build, tables) -> None:
    tables["orders"] = tables["orders"].rename(columns={"amount": "amount_paid"})
    text = message(make_study(tables), build)
    assert "lacks the required column amount" in text
    assert "orders.amount: amount_paid" in text


def test_wrong_delimiter(make_study, build, tables) -> None:
    study = make_study(tables)
    tables["orders"].to_csv(study.raw / "orders.csv", index=False, sep="^")
    assert "one single column" in message(study, build)


def test_wrong_encoding_is_told(make_study, build, tables) -> None:
    tables["members"]["region"] = ["Köln", "Köln", "Besançon"]
    study = make_study(tables, KEEP_IDS)
    text = tables["members"].to_csv(index=False)
    (study.raw / "members.csv").write_bytes(text.encode("latin-1"))
    facts = build(study)
    assert read_table(study.interim / "members.parquet")["region"].tolist() == ["Köln", "Köln", "Besançon"]
    assert "intake.notice_encoding" in [notice["key"] for notice in facts["notices"]]


def test_all_null_columns(make_study, build, tables) -> None:
    tables["orders"]["discount"] = ""
    assert build(make_study(tables))["tables"]["orders"]["kept"] == 5
    tables["orders"]["amount"] = ""
    text = message(make_study(tables, name="required"), build)
    assert "missing_value" in text
    assert "amount" in text


def test_dates_in_three_formats(make_study, build, tables) -> None:
    tables["orders"]["ordered_at"] = ["2024-01-05", "2024/3/5", "09.02.2024", "20240401", "2024年5月20日"]
    study = make_study(tables, KEEP_IDS)
    facts = build(study)
    moments = read_table(study.interim / "orders.parquet").set_index("order_id")["ordered_at"].sort_index()
    assert moments.dt.strftime("%m%d").tolist() == ["0105", "0305", "0209", "0401", "0520"]
    assert "intake.notice_formats" in [notice["key"] for notice in facts["notices"]]


def test_one_member(make_study, build, tables) -> None:
    one = {name: frame[frame["member_id"] == "a"] for name, frame in tables.items()}
    facts = build(make_study(one))
    assert facts["tables"]["members"]["kept"] == 1
    assert facts["tables"]["orders"]["kept"] == 2


def test_members_without_any_activity(make_study, build, tables) -> None:
    tables["orders"] = tables["orders"][tables["orders"]["member_id"] == "a"]
    assert build(make_study(tables))["tables"]["members"]["kept"] == 3


@pytest.fixture
def thousand() -> dict[str, pd.DataFrame]:
    ids = [f"{number:04d}" for number in range(1000)]
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(1000) % 300, unit="D")
    orders = pd.DataFrame(
        {"order_id": ids, "member_id": ids, "ordered_at": days.strftime("%Y-%m-%d"), "amount": "5"}
    )
    return {"members": pd.DataFrame({"member_id": ids, "joined_on": "2024-01-01"}), "orders": orders}


def test_ten_percent_corrupt_rows_stop_the_run(thousand, make_study, build) -> None:
    thousand["orders"].loc[::10, "amount"] = "###"
    study = make_study(thousand)
    text = message(study, build)
    assert "100 of 1000" in text
    assert "10.0%" in text
    assert "wrong_type" in text
    assert len(read_table(study.interim / "quarantine.parquet")) == 100


def test_four_percent_corrupt_rows_are_kept_apart_exactly(thousand, make_study, build) -> None:
    thousand["orders"].loc[::25, "amount"] = "###"
    study = make_study(thousand)
    facts = build(study)["tables"]["orders"]
    assert (facts["kept"], facts["quarantined"]) == (960, 40)
    numbers = read_table(study.interim / "quarantine.parquet")["row_number"]
    assert numbers.tolist() == list(range(1, 1001, 25))


def test_leading_zeros_of_ids_survive(thousand, make_study, build) -> None:
    study = make_study(thousand, KEEP_IDS)
    build(study)
    assert read_table(study.interim / "members.parquet")["member_id"].iloc[7] == "0007"


@pytest.mark.parametrize(
    ("section", "content", "near"),
    [
        ("tables", {"order": "orders"}, "orders"),
        ("tables", {"touches": "order"}, "orders.csv"),
        ("columns", {"orders.amout": "amount"}, "orders.amount"),
        ("columns", {"order.amount": "amount"}, "orders.amount"),
        ("columns", {"orders.amount": "amonut"}, "amount"),
        ("columns", {"members.joined": "joined_on"}, "members.joined_on"),
        ("codes", {"orders.retuned": {"1": True}}, "orders.returned"),
    ],
)
def test_unknown_names_in_the_mapping_name_the_nearest(
    section, content, near, make_study, build, tables
) -> None:
    assert near in message(make_study(tables, {"intake": {section: content}}), build).partition("Remedy")[2]


def test_unknown_parameter(make_study, tables) -> None:
    study = make_study(tables, {"intake": {"max_quarantine": 0.1}})
    with pytest.raises(WhychurnError, match="max_quarantined"):
        load_params(study)


def test_two_files_for_one_table(make_study, build, tables) -> None:
    study = make_study(tables)
    pd.DataFrame({"x": [1]}).to_parquet(study.raw / "orders.parquet")
    assert "two files" in message(study, build)


@pytest.mark.parametrize(
    ("name", "content"), [("orders.parquet", b"PAR1no"), ("orders.xlsx", b"no zip"), ("orders.xls", b"x")]
)
def test_damaged_and_unknown_files(name, content, make_study, build, tables) -> None:
    study = make_study({"members": tables["members"]})
    (study.raw / name).write_bytes(content)
    assert name in message(study, build)


def test_output_folder_that_is_a_file(make_study, build, tables) -> None:
    study = make_study(tables)
    (study.root / "data").write_text("in the way", encoding="utf-8")
    assert "cannot write" in message(study, build)


def test_full_disk(make_study, build, tables, monkeypatch) -> None:
    study = make_study(tables)

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    assert "No space left on device" in message(study, build)
    assert not list(study.interim.glob("*.parquet")), "nothing half-written stays"


@pytest.fixture
def as_a_user() -> Iterator[Callable[[Path], None]]:
    """Go on as an ordinary user, who owns a folder: root may write everywhere, so it cannot see a read-only folder."""
    real = os.geteuid()

    def become(folder: Path) -> None:
        if real != 0:
            return
        nobody = 65534
        for place in (folder, *folder.rglob("*")):
            os.chown(place, nobody, nobody)
        for above in folder.parents:  # the test's own folders are closed to others
            if above.stat().st_uid == 0 and str(above).startswith(tempfile.gettempdir() + os.sep):
                above.chmod(above.stat().st_mode | 0o011)
        os.seteuid(nobody)

    yield become
    os.seteuid(real)


def test_read_only_folder(make_study, build, tables, as_a_user) -> None:
    study = make_study(tables)
    study.interim.mkdir(parents=True)
    study.interim.chmod(0o500)
    as_a_user(study.root)
    assert "cannot write" in message(study, build)
    study.interim.chmod(0o700)
    assert build(study)["tables"]["orders"]["kept"] == 5, "writable again, it runs"


def test_a_kill_in_the_middle_leaves_no_half_file(make_study, build, tables) -> None:
    study = make_study(tables)
    code = (
        "import os, pandas as pd, datetime as dt\n"
        "from pathlib import Path\n"
        "from whychurn.contract.paths import StudyPaths\nfrom whychurn.contract.params import load_params\n"
        "from whychurn.intake import build as b\n"
        f"study = StudyPaths.at({str(study.root)!r})\n"
        "append = b.append_rows\n"
        "def dying(parts, path, **how):\n"
        "    append(parts, path, **how)\n"
        "    if 'orders.parquet' in path.name:\n        os._exit(9)\n"
        "b.append_rows = dying\n"
        "b.build_interim(study, load_params(study), dt.date(2025, 6, 30))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert not (study.interim / "intake.json").exists()
    assert not (study.interim / "orders.parquet").exists()
    assert build(study)["tables"]["orders"]["kept"] == 5


def test_join_needs_one_row_a_value(make_study, tables) -> None:
    study = make_study(tables, {"intake": {"tables": {"orders": "orders + names"}}})
    names = pd.DataFrame({"member_id": ["a", "a"], "tier": ["x", "y"]})
    names.to_csv(study.raw / "names.csv", index=False)
    params = load_params(study)
    with pytest.raises(WhychurnError, match="several rows for one value"):
        read_and_check(open_source(study, params.intake), params, dt.date(2025, 6, 30)).raise_problems()
    names.rename(columns={"member_id": "else"}).to_csv(study.raw / "names.csv", index=False)
    with pytest.raises(WhychurnError, match="no column in common"):
        read_and_check(open_source(study, params.intake), params, dt.date(2025, 6, 30)).raise_problems()
