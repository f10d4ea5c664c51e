"""One table in many files, folders, archives and databases: appended, never shortened in silence."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
import yaml
from hypothesis import given
from hypothesis import strategies as st

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_table as read_interim
from whychurn.contract.params import IntakeParams, load_params
from whychurn.contract.tables import TABLES
from whychurn.intake.preview import check_source
from whychurn.intake.read.combine import append_tables, join_tables
from whychurn.intake.read.database_source import DatabaseSource
from whychurn.intake.read.files import archive
from whychurn.intake.read.files.content import inside, read_content, read_file
from whychurn.intake.read.files.file_kinds import is_table, kind_of, refuse, stem
from whychurn.intake.read.files.folder import FolderSource
from whychurn.intake.read.naming import base, could_be, is_pattern, nearest_table, serving
from whychurn.intake.read.raw_table import Hints, RawTable
from whychurn.intake.read.source import read_table


def terms(first: int, n: int) -> pd.DataFrame:
    numbers = range(first, first + n)
    return pd.DataFrame(
        {
            "membership_id": [f"T{k}" for k in numbers],
            "member_id": [f"M{k % 5}" for k in numbers],
            "plan": "basic",
            "starts_on": [f"2023-{k % 12 + 1:02d}-01" for k in numbers],
            "ends_on": [f"2024-{k % 12 + 1:02d}-01" for k in numbers],
        }
    )


def source(folder: Path, **params: Any) -> FolderSource:
    return FolderSource.at(folder, IntakeParams(**params))


def read(folder: Path, given: Any = None, table: str = "memberships", **params: Any) -> RawTable:
    raw = read_table(source(folder, **params), table, given)
    assert raw is not None
    return raw


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
    return out.getvalue()


def csv_bytes(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()


@pytest.mark.parametrize(
    "names",
    [
        ["memberships_2023-01.csv", "memberships_2023-02.csv"],
        ["Memberships 2023.csv", "Memberships 2024.csv"],
        ["memberships_part1.csv", "memberships_part2.csv"],
        ["memberships_H1.csv", "memberships_H2.csv"],
        ["memberships-2023Q1.csv", "memberships-2023Q2.csv"],
        ["memberships_jan_2023.csv", "memberships_feb_2023.csv"],
        ["memberships (1).csv", "memberships (2).csv"],
        ["memberships_2023年1月.csv", "memberships_2023年2月.csv"],
        ["memberships/a.csv", "memberships/b.csv"],
        ["memberships.csv/part-0.csv", "memberships.csv/part-1.csv"],
        ["memberships/2023/01/x.csv", "memberships/2023/02/x.csv"],
    ],
)  # fmt: skip
def test_parts_are_found_by_their_names_and_said(tmp_path, names) -> None:
    for n, name in enumerate(names):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(csv_bytes(terms(10 * n, 10)))
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / "~$memberships.xlsx").write_bytes(b"lock")
    raw = read(tmp_path)
    assert sorted(raw.frame["membership_id"]) == sorted(f"T{n}" for n in range(20))
    assert {"notice_parts", "notice_folder"} & dict(raw.notices).keys()
    assert [rows for _, rows in raw.parts] == [10, 10]


@pytest.mark.parametrize(
    "given",
    ["terms_*.csv", ["terms_a.csv", "terms_b.csv"], ["terms_a", "terms_b"], "t?rms_[ab].csv"],
)
def test_a_pattern_or_a_list_appends(tmp_path, given) -> None:
    (tmp_path / "terms_a.csv").write_bytes(csv_bytes(terms(0, 3)))
    (tmp_path / "terms_b.csv").write_bytes(csv_bytes(terms(3, 4)))
    assert len(read(tmp_path, given).frame) == 7
    assert len(read(tmp_path, "terms_b").frame) == 4
    assert read_table(source(tmp_path), "memberships", []) is None


def test_parquet_folders_with_partitions(tmp_path) -> None:
    for year in (2023, 2024):
        place = tmp_path / "memberships" / f"year={year}" / "plan%20kind=gold%2Fplus"
        place.mkdir(parents=True)
        terms(year, 4).to_parquet(place / "part-0.snappy.parquet")
        (place / ".part-0.crc").write_bytes(b"x")
    (tmp_path / "memberships" / "_SUCCESS").touch()
    raw = read(tmp_path)
    assert len(raw.frame) == 8
    assert raw.frame["year"].tolist() == ["2023"] * 4 + ["2024"] * 4
    assert set(raw.frame["plan%20kind"]) == {"gold/plus"}


def test_rows_keep_their_file_and_number(make_study, build, tables) -> None:
    orders = tables["orders"]
    study = make_study({"members": tables["members"]}, {"intake": {"max_quarantined": 0.5}})
    orders.iloc[:3].to_csv(study.raw / "orders_1.csv", index=False)
    orders.iloc[3:].assign(amount=["oops", "3"]).to_csv(study.raw / "orders_2.csv", index=False)
    facts = build(study)["tables"]["orders"]
    assert (facts["read"], facts["kept"], facts["quarantined"]) == (5, 4, 1)
    found = read_interim(study.interim / "quarantine.parquet").iloc[0]
    assert (found["file"], found["row_number"]) == ("orders_2.csv", 1)


def test_files_whose_columns_differ(tmp_path) -> None:
    terms(0, 3).to_csv(tmp_path / "memberships_1.csv", index=False)
    terms(3, 4).drop(columns="plan").rename(columns={"ends_on": " Ends On"}).to_csv(
        tmp_path / "memberships_2.csv", index=False
    )
    raw = read(tmp_path)
    assert list(raw.frame.columns) == list(terms(0, 1).columns)
    assert raw.frame["plan"].isna().tolist() == [False] * 3 + [True] * 4
    assert raw.frame["ends_on"].notna().all()
    lack = dict(raw.notices)["notice_parts_lack"]
    assert (lack["column"], lack["file"], lack["n"], lack["rows"]) == ("plan", "memberships_2.csv", 1, 4)
    pd.DataFrame({"x": [1, 2], "y": [3, 4]}).to_csv(tmp_path / "memberships_3.csv", index=False)
    with pytest.raises(WhychurnError, match=r"memberships_3\.csv does not have the columns of memberships_1"):
        read(tmp_path)


def test_the_same_file_twice_is_asked_about(tmp_path) -> None:
    for name in ("memberships_2023.csv", "memberships_2023 (1).csv"):
        terms(0, 5).to_csv(tmp_path / name, index=False)
    assert dict(read(tmp_path).notices)["decide_same_file"]["n"] == 5


def test_two_files_that_could_be_one_table_are_not_chosen_between(tmp_path) -> None:
    for name in ("memberships.csv", "memberships_2022.csv"):
        terms(0, 5).to_csv(tmp_path / name, index=False)
    with pytest.raises(WhychurnError, match="two files could be table 'memberships'") as caught:
        read(tmp_path)
    assert "[memberships.csv, memberships_2022.csv]" in str(caught.value.remedy)


@pytest.mark.parametrize(
    "name",
    ["membership.csv", "crm_memberships_export.csv", "memberships-old.csv", "会籍.csv", "memebrships.csv"],
)
def test_a_file_that_could_be_an_absent_table_is_named(tmp_path, name) -> None:
    (tmp_path / name).write_bytes(csv_bytes(terms(0, 5)))
    with pytest.raises(WhychurnError, match=f"{name.split('.')[0]}.csv could be it") as caught:
        read_table(source(tmp_path), "memberships", None)
    assert f"{{memberships: {name}}}" in str(caught.value.remedy)
    assert read_table(source(tmp_path, tables={"memberships": []}), "memberships", []) is None
    assert read_table(source(tmp_path, tables={"surveys": name}), "memberships", None) is None


@pytest.mark.parametrize(
    "name",
    ["export/memberships.csv", "a/b/memberships_2023.parquet", "memberships.csv.bak", "memberships.dat"],
)
def test_a_table_elsewhere_or_under_an_odd_ending_is_named_and_can_be_read(tmp_path, name) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(csv_bytes(terms(0, 5)))
    with pytest.raises(WhychurnError, match=r"memberships.* could be it") as caught:
        read_table(source(tmp_path), "memberships", None)
    line = str(caught.value.remedy).partition("intake.tables: ")[2].partition(";")[0]
    assert len(read(tmp_path, yaml.safe_load(line)["memberships"]).frame) == 5


def test_a_pattern_below_a_further_folder(tmp_path) -> None:
    for n, month in enumerate(("01", "02")):
        (tmp_path / "terms" / month).mkdir(parents=True)
        (tmp_path / "terms" / month / "data.csv").write_bytes(csv_bytes(terms(n, 1)))
    assert len(read(tmp_path, "terms/*/data.csv").frame) == 2
    assert len(read(tmp_path, ["terms/01/data.csv", "terms/02/data.csv"]).frame) == 2


@pytest.mark.parametrize(("second", "other"), [("starts_on", "starts_on.2"), ("Starts On", "Starts On")])
@pytest.mark.parametrize("same", [True, False])
def test_two_columns_of_one_name_are_decided_by_the_user(make_study, tables, second, other, same) -> None:
    frame = terms(0, 30).assign(member_id="a")
    values = frame["starts_on"] if same else ["2023-06-15"] * 30
    frame.insert(5, second, values, allow_duplicates=True)
    study = make_study({"members": tables["members"], "memberships": frame})
    report = check_source(study, load_params(study))
    told = [line for line in report.decisions if "memberships.csv: 2 columns" in line]
    assert bool(told) != same
    if told:
        assert f"or {other}" in told[0]
        (study.root / "params.yaml").write_text(
            yaml.safe_dump({"intake": {"columns": {"memberships.starts_on": other}}}), encoding="utf-8"
        )
        assert not any("2 columns" in line for line in check_source(study, load_params(study)).decisions)


@pytest.mark.parametrize("ending", ["zip", "csv.gz", "csv.zip", "csv.bz2", "csv.xz"])
def test_packed_tables(tmp_path, ending) -> None:
    content = csv_bytes(terms(0, 6))
    pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
    path = tmp_path / f"memberships.{ending}"
    kind = ending.rpartition(".")[2]
    path.write_bytes(packed({"export 1.csv": content}) if kind == "zip" else pack[kind](content))
    assert len(read(tmp_path).frame) == 6
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(WhychurnError, match="damaged") as caught:
        read(tmp_path)
    assert caught.value.remedy and path.name in str(caught.value)


def test_an_archive_of_several_files(tmp_path) -> None:
    parquet = io.BytesIO()
    terms(6, 2).to_parquet(parquet)
    files = {"x/memberships_1.csv": csv_bytes(terms(0, 6)), "x/memberships_2.parquet": parquet.getvalue()}
    extras = {"x/orders.csv": b"a,b\n1,2\n", "__MACOSX/x/._memberships_1.csv": b"junk", "x/readme.md": b"hi"}
    (tmp_path / "all.zip").write_bytes(packed({**files, **extras}))
    raw = read(tmp_path)
    assert len(raw.frame) == 8, "found inside by the table's name"
    assert {name for name, _ in raw.parts} == {
        "all.zip#x/memberships_1.csv",
        "all.zip#x/memberships_2.parquet",
    }
    assert len(read(tmp_path, "all.zip#*orders*", "orders").frame) == 1
    with pytest.raises(WhychurnError, match="several tables") as caught:
        read(tmp_path, "all.zip", "surveys")
    assert "all.zip#" in str(caught.value.remedy)
    with pytest.raises(WhychurnError, match="does not exist"):
        read(tmp_path, "all.zip#nothing.csv")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (packed({}), "archive is empty"),
        (packed({"a.doc": b"x"}), "holds no table"),
        (b"PK\x03\x04 broken", "damaged"),
        (b"\x1f\x8bgarbage", "damaged"),
        (b"PAR1 nothing", "not readable as Parquet"),
        (b"<!DOCTYPE html><html><table></table></html>", "web page"),
        (b"\xef\xbb\xbf<html><body>", "web page"),
        (b'<?xml version="1.0"?><Workbook>', "XML"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Excel format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"SQLite format 3\x00" + b"\0" * 100, ".sqlite"),
        (b"%PDF-1.4", ".pdf"),
        (b"Rar!\x1a", ".rar"),
        (b"", "empty"),
        (b"\n\n", "empty"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(tmp_path, content, words) -> None:
    for ending in ("csv", "xlsx", "parquet"):
        (tmp_path / f"memberships.{ending}").write_bytes(content)
        with pytest.raises(WhychurnError, match=words) as caught:
            read(tmp_path)
        assert caught.value.remedy and f"memberships.{ending}" in str(caught.value)
        (tmp_path / f"memberships.{ending}").unlink()


@pytest.mark.parametrize("ending", ["xls", "ods", "xlsb", "pdf", "sqlite", "7z", "tgz"])
def test_an_ending_that_is_not_read_does_not_hide_the_table(tmp_path, ending) -> None:
    (tmp_path / f"memberships.{ending}").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more")
    with pytest.raises(WhychurnError, match=rf"memberships\.{ending}"):
        read(tmp_path)


def test_text_named_as_a_workbook_is_read_and_said(tmp_path) -> None:
    (tmp_path / "memberships.xlsx").write_bytes(csv_bytes(terms(0, 4)))
    raw = read(tmp_path)
    assert len(raw.frame) == 4
    assert "notice_kind" in dict(raw.notices)


def test_links_to_nowhere_and_files_that_may_not_be_read(tmp_path) -> None:
    (tmp_path / "memberships.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(WhychurnError, match="link points to nothing"):
        read(tmp_path)
    (tmp_path / "memberships.csv").unlink()
    (tmp_path / "memberships.csv").mkdir()
    with pytest.raises(WhychurnError, match="no file that can be read"):
        read(tmp_path)
    if os.geteuid() != 0:
        (tmp_path / "memberships.tsv").write_bytes(b"a\tb\n")
        (tmp_path / "memberships.tsv").chmod(0)
        with pytest.raises(WhychurnError, match="cannot be read"):
            read(tmp_path)


# ------------------------------------------------------------------ joining


def raw(frame: dict[str, list[Any]], origin: str) -> RawTable:
    table = pd.DataFrame(frame).astype("string[pyarrow]")
    return RawTable(table, np.arange(1, len(table) + 1), origin)


def test_plus_joins_a_lookup_and_nothing_else() -> None:
    sent = raw({"campaign": ["1", "2", "3"], "member": ["a", "b", "c"]}, "sent.csv")
    lookup = raw({"campaign": ["1", "2"], "start": ["2024-01-01", "2024-02-01"]}, "campaigns.csv")
    joined = join_tables(sent, lookup, "touches")
    assert joined.frame["start"].tolist()[:2] == ["2024-01-01", "2024-02-01"]
    assert dict(joined.notices)["notice_join"]["n"] == 1
    half = raw({"campaign": ["7", "8"], "member": ["d", "e"]}, "sent_h2.csv")
    wider = raw({"campaign": ["7", "8"], "member": ["d", "e"], "coupon": ["x", "y"]}, "sent_h2.csv")
    other = raw({"campaign": ["7", "8"], "start": ["2024-01-01", "2024-02-01"]}, "campaigns.csv")
    several = raw({"campaign": ["1", "1"], "start": ["2024-01-01", "2024-02-01"]}, "campaigns.csv")
    for right in (half, wider, other, several):
        with pytest.raises(WhychurnError, match=right.origin) as caught:
            join_tables(sent, right, "touches")
        assert f"[sent.csv, {right.origin}]" in str(caught.value.remedy)
    with pytest.raises(WhychurnError, match="no column in common"):
        join_tables(sent, raw({"x": ["1"]}, "x.csv"), "touches")


@given(st.lists(st.integers(0, 6), min_size=1, max_size=6), st.randoms())
def test_appending_keeps_each_row_and_its_number(sizes, random) -> None:
    parts = []
    for n, size in enumerate(sizes):
        broken = np.array([size + 1]) if random.random() < 0.5 else np.array([], dtype="int64")
        frame = pd.DataFrame({"v": [f"{n}-{k}" for k in range(size)], "w": [1] * size}).astype(
            {"v": "string[pyarrow]"}
        )
        parts.append(RawTable(frame, np.arange(1, size + 1), f"f{n}", broken))
    whole = append_tables(parts, "orders")
    assert len(whole.frame) == sum(sizes)
    numbers = np.concatenate([whole.row_number, whole.broken])
    assert len(set(numbers.tolist())) == len(numbers) == sum(rows for _, rows in whole.parts)
    assert whole.frame["v"].tolist() == [f"{n}-{k}" for n, size in enumerate(sizes) for k in range(size)]


def test_appending_columns_of_other_kinds() -> None:
    one = RawTable(pd.DataFrame({"id": pd.array([1, 2], "Int64")}), np.arange(1, 3), "a.parquet")
    two = RawTable(pd.DataFrame({"id": ["007", None]}).astype("string[pyarrow]"), np.arange(1, 3), "b.csv")
    assert append_tables([one, two], "members").frame["id"].tolist()[:3] == ["1", "2", "007"]


# ------------------------------------------------------------------ names


def test_names_with_and_without_a_number_or_date() -> None:
    for name in ("orders_2023-01", "orders-20230115", "orders 3", "orders_part_7", "orders(2)", "orders_2023_q4",
                 "orders_2023-01-01_2023-06-30", "orders_week12"):  # fmt: skip
        assert base(name) == "orders", name
    for name in ("orders", "orders_old", "shop1s", "orders_v2_final", "touch", "surveys_summary", "market"):
        assert base(name) == name
    assert is_pattern("a*.csv") and not is_pattern("a.csv")


def test_the_nearest_table() -> None:
    found = {
        name: nearest_table(name)
        for name in ("order", "Orders_2022", "订单明细", "member list", "photos", "note")
    }
    assert found == {"order": "orders", "Orders_2022": "orders", "订单明细": "orders", "member list": "members",
                     "photos": None, "note": None}  # fmt: skip
    assert could_be(["order.csv", "x.csv"], "orders", stem) == ["order.csv"]
    assert all(nearest_table(table) == table for table in TABLES)


def test_serving_takes_the_word_of_the_user() -> None:
    names = ["a.csv", "b_1.csv", "b_2.csv"]
    assert serving(names, "orders", "b", stem, "raw") == ["b_1.csv", "b_2.csv"]
    assert serving(names, "orders", ["a", "b_*"], stem, "raw") == names
    assert serving(names, "orders", None, stem, "raw") == []
    with pytest.raises(WhychurnError, match="'c' for 'orders', which does not exist"):
        serving(names, "orders", "c", stem, "raw")


def test_kinds_of_files() -> None:
    assert [stem(name) for name in ("a.csv.gz", "B.XLSX", "c.d.parquet", "e", ".csv")] == [
        "a",
        "B",
        "c.d",
        "e",
        ".csv",
    ]
    assert is_table("x.JSONL") and not is_table("x.pdf")
    assert [kind_of(one) for one in (b'{"a":1}', b"[\n {}", b"a,b", b"PAR1", b"<div>")] == [
        "json", "json", "text", "parquet", "web page",
    ]  # fmt: skip
    assert "save it as .xlsx" in str(refuse(".ods", "x.ods", b"").remedy)


def test_archives_by_hand(tmp_path) -> None:
    content = packed({"a.csv": b"x,y\n1,2\n"})
    assert archive.members(content, "z.zip") == ["a.csv"]
    assert archive.member(content, "z.zip", "a.csv") == b"x,y\n1,2\n"
    assert not archive.is_workbook(content, "z.zip")
    assert archive.unpack(gzip.compress(b"x"), "gzip", "x.gz") == b"x"
    (tmp_path / "z.zip").write_bytes(content)
    assert inside(tmp_path / "z.zip") == ["a.csv"]
    assert inside(tmp_path / "none.zip") == []
    assert len(read_file(tmp_path / "z.zip", "z.zip", "", None, Hints())) == 1
    assert read_content(content, "z.zip", "a.csv", None, Hints())[0].origin == "z.zip#a.csv"


# ------------------------------------------------------------------ databases


def test_tables_of_a_database_are_appended_as_well(tmp_path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'crm.db'}")
    for year in (2022, 2023):
        terms(year, 3).to_sql(f"memberships_{year}", engine, index=False)
    engine.dispose()
    database = DatabaseSource.at("sqlite:///crm.db", tmp_path)
    for named in (None, "memberships_*", ["memberships_2022", "memberships_2023"]):
        found = read_table(database, "memberships", named)
        assert found is not None and len(found.frame) == 6
    assert read_table(database, "orders", None) is None


def test_a_database_without_a_driver_or_a_variable(tmp_path, monkeypatch) -> None:
    with pytest.raises(WhychurnError, match="no driver") as caught:
        DatabaseSource.at("mysql+pymysql://u:geheim@127.0.0.1/x", tmp_path).names()
    assert "geheim" not in str(caught.value)
    monkeypatch.delenv("CRM_PASSWORD", raising=False)
    with pytest.raises(WhychurnError, match="CRM_PASSWORD"):
        DatabaseSource.at("postgresql://u:${CRM_PASSWORD}@127.0.0.1/x", tmp_path)


def test_what_is_not_used_is_listed_with_the_line_to_write(make_study, tables) -> None:
    study = make_study(tables, {"privacy": {"pseudonymize": False}})
    tables["orders"].to_csv(study.raw / "orders-old.csv", index=False)
    (study.raw / "photo.png").write_bytes(b"\x89PNG")
    report = check_source(study, load_params(study))
    assert "photo.png" in report.unused
    (line,) = (one for one in report.unused if one.startswith("orders-old.csv"))
    assert "intake.tables: {orders: [orders.csv, orders-old.csv]}" in line
    assert yaml.safe_load(line.partition("intake.tables: ")[2].removesuffix(")")) == {
        "orders": ["orders.csv", "orders-old.csv"]
    }
