"""Files of known content under other names: the draft finds which file and column is which, or leaves a choice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import IntakeParams
from whychurn.contract.paths import StudyPaths
from whychurn.intake.draft.mapping_draft import MappingDraft, draft_mapping
from whychurn.intake.draft.params_text import params_text, write_draft
from whychurn.intake.read.source import open_source

MEMBERS = 60


@pytest.fixture
def ids() -> list[str]:
    return [f"Q-{i:05d}" for i in range(MEMBERS)]


def members(ids: list[str], *names: str) -> pd.DataFrame:
    joined = pd.date_range("2023-01-05", periods=len(ids), freq="3D").strftime("%Y-%m-%d")
    city = np.resize(["Lyra", "Vega"], len(ids))
    return pd.DataFrame(dict(zip(names, (ids, joined, city), strict=True)))


def orders(ids: list[str], *names: str) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    who = rng.choice(ids, 400)
    when = pd.Timestamp("2023-06-01") + pd.to_timedelta(rng.integers(0, 500_000, 400), unit="min")
    paid = rng.uniform(5, 300, 400).round(2)
    number = [f"R{i:06d}" for i in range(400)]
    return pd.DataFrame(dict(zip(names, (number, who, when.strftime("%Y-%m-%d %H:%M"), paid), strict=True)))


def draft(folder: Path, **files: pd.DataFrame) -> MappingDraft:
    for name, frame in files.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return draft_mapping(open_source(StudyPaths(folder), IntakeParams(source=".")))


def mapping(found: MappingDraft) -> dict[str, str]:
    return {f"{match.table}.{c.column}": c.header for match in found.tables for c in match.columns}


@pytest.mark.parametrize(
    ("people", "sales", "file"),
    [
        (("Customer ID", "Signup Date", "City"), ("Order No", "Customer ID", "Order Date", "Order Total"), "sales"),
        (("clientNumber", "memberSince", "State"), ("receipt_no", "clientNumber", "paid at", "Net Sales"), "export"),
        (("会员编号", "入会时间", "城市"), ("小票号", "会员编号", "消费时间", "消费金额"), "消费流水"),
        (("用户ID", "注册日期", "省份"), ("订单编号", "用户ID", "支付时间", "成交金额"), "订单明细"),
        (("UID", "Registered on", "Branch"), ("Transaction ID", "UID", "TIMESTAMP", "Revenue"), "transactions"),
    ],
)  # fmt: skip
def test_usual_names(tmp_path: Path, ids: list[str], people: tuple, sales: tuple, file: str) -> None:
    found = draft(tmp_path, people=members(ids, *people), **{file: orders(ids, *sales)})
    wanted = dict(zip(("order_id", "member_id", "ordered_at", "amount"), sales, strict=True))
    assert mapping(found) == {
        "members.member_id": people[0], "members.joined_on": people[1], "members.region": people[2],
        **{f"orders.{name}": header for name, header in wanted.items()},
    }  # fmt: skip


def test_ids_of_members_are_found_by_their_values(tmp_path: Path, ids: list[str]) -> None:
    people = members(ids, "Customer ID", "Joined", "City")
    sales = orders(ids, "Bon", "Wer", "Order Date", "Order Total")
    assert mapping(draft(tmp_path, customers=people, sales=sales))["orders.member_id"] == "Wer"


def test_the_only_dates_and_amounts_are_taken_and_two_are_not(tmp_path: Path, ids: list[str]) -> None:
    people = members(ids, "Customer ID", "Joined", "City")
    sales = orders(ids, "order no", "customer id", "X1", "X2")
    assert mapping(draft(tmp_path, customers=people, orders=sales))["orders.ordered_at"] == "X1"
    assert mapping(draft(tmp_path, customers=people, orders=sales))["orders.amount"] == "X2"
    sales["X3"] = sales["X2"] + 1
    found = draft(tmp_path, customers=people, orders=sales)
    assert "orders.amount" not in mapping(found)
    (match,) = [match for match in found.tables if match.table == "orders"]
    assert match.lacking == ("amount",)
    assert "# choose: orders.amount" in params_text(found, ".")


def test_files_of_the_same_columns_are_appended(tmp_path: Path, ids: list[str]) -> None:
    sales = orders(ids, "order no", "customer id", "order date", "total")
    found = draft(
        tmp_path,
        s_2023=sales.iloc[:200],
        s_2024=sales.iloc[200:],
        x=members(ids, "customer id", "joined", "city"),
    )
    (match,) = [match for match in found.tables if match.table == "orders"]
    assert sum(len(found.columns[file]) > 0 for file in match.files) == len(match.files)
    assert len(match.files) == 2 or "*" in match.files[0]


@pytest.mark.parametrize(
    ("headers", "table", "some"),
    [
        ({"Name": "n", "Email": "id", "Financial Status": "paid", "Created at": "t", "Total": "x",
          "Lineitem quantity": "q", "Lineitem price": "x"}, "orders", {"order_id": "Name", "amount": "Total"}),
        ({"id": "n", "Customer ID": "id", "Plan": "gold", "Status": "active", "Start (UTC)": "t",
          "Current Period End (UTC)": "t", "Canceled At (UTC)": "", "Ended At (UTC)": ""},
         "memberships", {"starts_on": "Start (UTC)", "ends_on": "Ended At (UTC)"}),
        ({"Ticket ID": "n", "Requester": "id", "Subject": "It broke again", "Created at": "t", "Via": "Mail",
          "Status": "Solved"}, "feedback", {"text": "Subject", "source": "=ticket"}),
        ({"订单号": "n", "订单状态": "交易完成", "订单创建时间": "t", "订单实付金额": "x", "买家手机号": "id"},
         "orders", {"amount": "订单实付金额", "member_id": "买家手机号"}),
        ({"Client ID": "id", "Pricing Option": "10 classes", "Activation Date": "t", "Expiration Date": "t",
          "Amount": "x"}, "memberships", {"plan": "Pricing Option", "ends_on": "Expiration Date"}),
    ],
)  # fmt: skip
def test_exports_of_known_systems(
    tmp_path: Path, ids: list[str], headers: dict, table: str, some: dict
) -> None:
    days = pd.date_range("2024-01-01", periods=MEMBERS, freq="D").strftime("%Y-%m-%d %H:%M:%S")
    content = {"n": [f"N{i}" for i in range(MEMBERS)], "id": ids, "t": days, "x": np.linspace(1.5, 90.5, MEMBERS),
               "q": np.resize([1, 2], MEMBERS)}  # fmt: skip
    frame = pd.DataFrame({header: content.get(value, [value] * MEMBERS) for header, value in headers.items()})
    found = draft(tmp_path, download=frame)
    (match,) = found.tables
    assert match.table == table
    assert some.items() <= {c.column: c.header for c in match.columns}.items()
    assert match.reason.startswith("export of")


def test_the_text_is_read_back_and_shows_no_id(tmp_path: Path, ids: list[str]) -> None:
    people = members(ids, "Member: no", "Joined #1", "City, State")
    people["City, State"] = np.resize(['A "quoted" # town', "是", "- dash", "yes"], MEMBERS)
    (tmp_path / "raw").mkdir()
    people.to_csv(tmp_path / "raw" / "members.csv", index=False)
    orders(ids, "no", "Member: no", "date", "total").to_csv(
        tmp_path / "raw" / "orders: 1, part.csv", index=False
    )
    target, _ = write_draft(tmp_path)
    text = target.read_text(encoding="utf-8")
    given = yaml.safe_load(text)["intake"]
    assert given["columns"]["members.member_id"] == "Member: no"
    assert given["tables"]["orders"] == "orders: 1, part.csv"
    assert not any(one in text for one in ids)


def test_an_existing_params_file_stays(tmp_path: Path, ids: list[str]) -> None:
    orders(ids, "order no", "customer id", "order date", "total").to_csv(tmp_path / "orders.csv", index=False)
    (tmp_path / "params.yaml").write_text("study: {name: {en: Mine, zh: 我的}}\n", encoding="utf-8")
    target, _ = write_draft(tmp_path)
    assert target.name == "params.draft.yaml"
    assert "Mine" in (tmp_path / "params.yaml").read_text(encoding="utf-8")


def test_nothing_to_draft_from(tmp_path: Path) -> None:
    with pytest.raises(WhychurnError, match="no table could be read"):
        write_draft(tmp_path)
    with pytest.raises(WhychurnError, match="no such folder"):
        write_draft(tmp_path / "absent")


def test_codes_are_mapped_by_their_words_and_what_is_not_known_is_asked(
    tmp_path: Path, ids: list[str]
) -> None:
    visits = pd.DataFrame(
        {
            "member id": np.resize(ids, 300),
            "visit time": pd.date_range("2024-01-01", periods=300, freq="7h").strftime("%Y-%m-%d %H:%M"),
            "event": np.resize(["gym class attended", "签到", "visit", "zzz"], 300),
        }
    )
    found = draft(tmp_path, visits=visits, members=members(ids, "member id", "joined", "city"))
    text = params_text(found, ".")
    codes = yaml.safe_load(text)["intake"]["codes"]["events.event_type"]
    assert codes["签到"] == "checkin"
    assert "visit" not in codes
    assert "zzz" not in codes
    assert '# choose: events.event_type: {"zzz"' in text
