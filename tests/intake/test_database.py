"""The same tables read from DuckDB, SQLite and a real PostgreSQL server give the same interim tables."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest
import sqlalchemy as sa

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json, read_table
from whychurn.contract.params import IntakeParams
from whychurn.intake.read.database_import import import_tables
from whychurn.intake.read.database_source import After, DatabaseSource

DDL = (
    "CREATE TABLE members (member_id VARCHAR(20), joined_on DATE, birth_year INTEGER, profiling_consent BOOLEAN)",
    "CREATE TABLE sales (order_id BIGINT, member_id VARCHAR(20), ordered_at TIMESTAMP, amount DECIMAL(10, 2), "
    "discount DECIMAL(10, 2))",
    "INSERT INTO members VALUES ('a', '2024-01-01', 1980, TRUE), ('b', '2024-02-01', NULL, FALSE)",
    "INSERT INTO sales VALUES (1, 'a', '2024-01-05 10:30:00', 10.50, NULL), (2, 'b', '2024-02-09 08:00:00', 7, NULL),"
    "(3, 'zz', '2024-02-10 08:00:00', 1, NULL)",
)
SALES = IntakeParams(tables={"orders": "sales"})
PARAMS = {
    "intake": {"tables": {"orders": "sales"}, "max_quarantined": 0.5},
    "privacy": {"pseudonymize": False},
}


def run_sql(address: str, *statements: str) -> None:
    """Carry out statements in the database."""
    if address.startswith("duckdb"):
        with duckdb.connect(address.removeprefix("duckdb:///")) as connection:
            for statement in statements:
                connection.execute(statement)
        return
    engine = sa.create_engine(address.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


@pytest.fixture(params=["duckdb", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param != "postgresql":
        given = f"{request.param}:///{tmp_path / 'shop.db'}"
        run_sql(given, *DDL)
        return given
    given = request.getfixturevalue("postgres")
    run_sql(given, "DROP TABLE IF EXISTS members, sales")
    run_sql(given, *DDL)
    return given


def test_tables_of_a_database_reach_interim(address, make_study, build) -> None:
    study = make_study({}, {**PARAMS, "intake": {**PARAMS["intake"], "source": address}})
    facts = build(study)
    orders = read_table(study.interim / "orders.parquet")
    assert orders["member_id"].tolist() == ["a", "b"]
    assert orders["order_id"].tolist() == ["1", "2"]
    assert orders["amount"].tolist() == [10.5, 7.0]
    assert orders["ordered_at"].tolist() == [
        pd.Timestamp("2024-01-05 10:30"),
        pd.Timestamp("2024-02-09 08:00"),
    ]
    members = read_table(study.interim / "members.parquet")
    assert members["profiling_consent"].tolist() == [True, False]
    assert members["birth_year"].iloc[0] == 1980
    assert pd.isna(members["birth_year"].iloc[1])
    assert facts["tables"]["orders"]["reasons"] == {"unknown_member": 1}


def test_import_copies_tables_that_then_run_from_files(address, make_study, build) -> None:
    study = make_study({}, {"intake": {"max_quarantined": 0.5}})
    assert import_tables(address, study.raw, SALES) == {"members": 2, "orders": 3}
    assert sorted(p.name for p in study.raw.iterdir()) == ["members.parquet", "orders.parquet"]
    assert build(study)["tables"]["orders"]["kept"] == 2


def orders(folder: Path) -> pd.DataFrame:
    table = pd.read_parquet(folder / "orders.parquet").sort_values("order_id", ignore_index=True)
    numbers = {name: table[name].astype("float64") for name in ("amount", "discount")}
    return table.assign(**numbers, ordered_at=pd.to_datetime(table["ordered_at"]))


def test_a_second_import_takes_what_is_new(address, tmp_path, monkeypatch) -> None:
    import_tables(address, tmp_path / "raw", SALES)
    run_sql(
        address,
        "INSERT INTO sales VALUES (4, 'a', '2024-08-01 09:00:00', 3, NULL), (5, 'b', '2024-08-02 09:00:00', 4, NULL)",
    )
    import_tables(address, tmp_path / "raw", SALES)
    run_sql(
        address,
        "INSERT INTO sales VALUES (6, 'a', '2024-08-03 09:00:00', 5, NULL)",
        "UPDATE sales SET discount = 1 WHERE order_id = 5",
    )
    fetched = []
    whole = DatabaseSource.pieces

    def counted(self: DatabaseSource, name: str, after: After | None = None):
        for piece in whole(self, name, after):
            fetched.append((name, len(piece)))
            yield piece

    monkeypatch.setattr(DatabaseSource, "pieces", counted)
    assert import_tables(address, tmp_path / "raw", SALES) == {"members": 2, "orders": 6}
    assert dict(fetched) == {"members": 2, "sales": 3}  # 4 and 5 lie within the last days, 6 is new
    monkeypatch.undo()
    assert import_tables(address, tmp_path / "all", SALES, anew=True)["orders"] == 6
    pd.testing.assert_frame_equal(orders(tmp_path / "raw"), orders(tmp_path / "all"), check_dtype=False)


@pytest.mark.parametrize(
    "late",
    [
        "INSERT INTO sales VALUES (7, 'a', '2024-01-02 09:00:00', 5, NULL)",
        "DELETE FROM sales WHERE order_id = 1",
        "INSERT INTO sales VALUES (8, 'a', NULL, 5, NULL)",
    ],
)
def test_rows_that_came_or_went_late_are_fetched_too(address, late, tmp_path) -> None:
    run_sql(address, "INSERT INTO sales VALUES (4, 'a', '2024-08-01 09:00:00', 3, NULL)")
    import_tables(address, tmp_path / "raw", SALES)
    run_sql(address, late)
    import_tables(address, tmp_path / "raw", SALES)
    import_tables(address, tmp_path / "all", SALES)
    pd.testing.assert_frame_equal(orders(tmp_path / "raw"), orders(tmp_path / "all"), check_dtype=False)


def test_unknown_table_names_the_nearest(address) -> None:
    source = DatabaseSource.at(address, Path.cwd())
    assert source.find("orders", None) == []
    assert source.find("orders", "SALES") == ["sales"]
    with pytest.raises(WhychurnError, match="nearest name: sales"):
        source.find("orders", "sale")


def test_no_contract_table_is_an_error(tmp_path) -> None:
    place = tmp_path / "other.duckdb"
    with duckdb.connect(str(place)) as connection:
        connection.execute("CREATE TABLE something (x INTEGER)")
    with pytest.raises(WhychurnError, match="no table of the contract"):
        import_tables(f"duckdb:///{place}", tmp_path / "raw", IntakeParams())


@pytest.mark.parametrize(
    "given", ["sqlite:///nowhere.db", "duckdb:///nowhere.db", "://", "postgresql://u@127.0.0.1:1/x"]
)
def test_unreachable_databases_say_so(given, tmp_path) -> None:
    with pytest.raises(WhychurnError) as caught:
        import_tables(given, tmp_path / "raw", IntakeParams(), base=tmp_path)
    assert caught.value.remedy


def test_passwords_are_not_told(tmp_path) -> None:
    with pytest.raises(WhychurnError) as caught:
        import_tables("postgresql://u:geheim@127.0.0.1:1/x", tmp_path, IntakeParams())
    assert "geheim" not in str(caught.value)


def test_a_column_that_starts_empty_keeps_its_type_over_pieces(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr("whychurn.intake.read.database_source.CHUNK", 2)
    place = tmp_path / "shop.db"
    engine = sa.create_engine(f"sqlite:///{place}")
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "CREATE TABLE orders (order_id TEXT, member_id TEXT, ordered_at TEXT, amount REAL, discount REAL)"
            )
        )
        for number in range(6):
            discount = "NULL" if number < 3 else "0.5"
            connection.execute(
                sa.text(f"INSERT INTO orders VALUES ('{number}', 'a', '2024-01-01', {number}, {discount})")
            )
    engine.dispose()
    assert import_tables(f"sqlite:///{place}", tmp_path / "raw", IntakeParams()) == {"orders": 6}
    assert pd.read_parquet(tmp_path / "raw" / "orders.parquet")["discount"].tolist()[3:] == [0.5] * 3


def test_intake_json_does_not_hold_the_address(tmp_path, make_study, build) -> None:
    place = tmp_path / "shop.db"
    run_sql(f"sqlite:///{place}", *DDL)
    study = make_study({}, {**PARAMS, "intake": {**PARAMS["intake"], "source": f"sqlite:///{place}"}})
    build(study)
    assert str(place) not in str(read_json(study.interim / "intake.json"))
