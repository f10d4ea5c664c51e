"""Passwords of databases are never written down."""

from __future__ import annotations

import string

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import IntakeParams, Params, check_params, load_params, tracked_values
from whychurn.contract.params.intake import expanded, is_address, masked
from whychurn.contract.paths import StudyPaths

SECRET = "p@ss/w:rd-7Qx9"


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://reader:{SECRET}@db.example.com:5432/crm",
        f"mysql+pymysql://reader:{SECRET}@127.0.0.1/crm?charset=utf8",
        "postgresql://db/crm?user=reader&password=p-7Qx9&sslmode=require",
        "duckdb:///md:crm?motherduck_token=ey-7Qx9",
        "snowflake://u@account/db?warehouse=w;private_key_pwd=p-7Qx9",
        "mssql+pyodbc:///?odbc_connect=DRIVER%3DSQL%3BPWD%3Dp-7Qx9",
        "could not connect to 'postgresql://u:p-7Qx9@host/db': no route",
    ],
)
def test_passwords_and_tokens_are_masked_and_the_rest_stays(address) -> None:
    shown = masked(address)
    assert "7Qx9" not in shown
    assert "***" in shown
    assert masked(shown) == shown


@pytest.mark.parametrize(
    "address",
    [
        "duckdb:///shop.duckdb",
        "sqlite:////a b/c@d.db",
        "postgresql://u@host/db",
        "postgresql://u:${PW}@host/db",
    ],
)
def test_what_is_no_secret_stays(address) -> None:
    assert masked(address) == address


@given(st.text(string.printable.strip() + "密ü", min_size=1))
def test_any_password_of_the_environment_reaches_the_database_exactly(password) -> None:
    address = expanded("postgresql://u:${CRM_PW}@host:5432/db", {"CRM_PW": password})
    url = sa.make_url(address)
    assert url.password == password
    assert (url.host, url.port, url.database) == ("host", 5432, "db")


def test_a_variable_may_hold_the_whole_address_and_must_be_set() -> None:
    assert is_address("${CRM}")
    assert not is_address("raw")
    assert expanded("${CRM}", {"CRM": "postgresql://u:a%40b@h/d"}) == "postgresql://u:a%40b@h/d"
    with pytest.raises(WhychurnError, match="CRM, which is not set") as caught:
        expanded("postgresql://u:${CRM}@h/d", {})
    assert "export CRM" in str(caught.value.remedy)


def test_parameters_give_the_password_to_intake_only(tmp_path) -> None:
    address = "postgresql://reader:geheim-1@127.0.0.1:9/crm"
    (tmp_path / "params.yaml").write_text(f"intake: {{source: '{address}'}}\n", encoding="utf-8")
    study = StudyPaths.at(tmp_path)
    params = load_params(study)
    assert params.intake.source == address
    written = [params.model_dump(mode="json"), params.model_dump(), params, tracked_values(study)]
    assert "geheim-1" not in " ".join(map(str, [*written, params.model_dump_json(), params.intake]))


def test_a_wrong_value_is_told_without_its_password(tmp_path) -> None:
    with pytest.raises(WhychurnError) as caught:
        check_params({"intake": "postgresql://u:geheim@h/d"}, tmp_path / "params.yaml")
    assert "geheim" not in str(caught.value)
    assert Params().intake == IntakeParams()
