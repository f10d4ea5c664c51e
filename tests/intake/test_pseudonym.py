"""Pseudonyms: stable under a key, useless without it, and back again for whoever holds key and source."""

from __future__ import annotations

import hashlib
import hmac

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from whychurn.cli import app
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_table
from whychurn.contract.params import load_params
from whychurn.intake.privacy.pseudonym import fingerprint, pseudonym, pseudonyms, weakness
from whychurn.intake.read.dtypes import TEXT
from whychurn.intake.reidentify import lookup, own_ids


def test_a_pseudonym_is_the_keyed_hash_of_the_id() -> None:
    full = hmac.new(b"key", "会员1".encode(), hashlib.sha256).hexdigest()
    assert pseudonym("会员1", b"key") == "m" + full[:16]


def test_a_column_gives_what_single_ids_give() -> None:
    ids = pd.Series(pd.array(["a", "b", "a", None, "c"], dtype=TEXT))
    hashed = pseudonyms(ids, b"key")
    assert hashed.isna().tolist() == [False, False, False, True, False]
    assert hashed.dropna().tolist() == [pseudonym(one, b"key") for one in ["a", "b", "a", "c"]]


def test_another_key_gives_other_ids_and_another_fingerprint() -> None:
    assert pseudonym("a", b"key") != pseudonym("a", b"other")
    assert fingerprint(b"key") != fingerprint(b"other")
    assert len(fingerprint(b"key")) == 8


def members(study) -> list[str]:
    return read_table(study.interim / "members.parquet")["member_id"].tolist()


def test_the_key_of_the_environment_goes_before_the_files(tables, make_study, build, monkeypatch) -> None:
    study = make_study(tables)
    (study.raw / "whychurn.key").write_text("found in the source\n", encoding="utf-8")
    (study.root / ".whychurn.key").write_text("found in the study\n", encoding="utf-8")
    seen = []
    for key in (b"a key of tests, kept apart", b"found in the source", b"found in the study"):
        assert build(study)["key_fingerprint"] == fingerprint(key)
        assert members(study) == sorted(pseudonym(one, key) for one in "abc")
        seen.append(members(study))
        if key == b"a key of tests, kept apart":
            monkeypatch.delenv("WHYCHURN_KEY")
        else:
            (study.raw / "whychurn.key").unlink(missing_ok=True)
    assert len({tuple(one) for one in seen}) == 3


def test_a_key_is_made_once_for_its_owner_only(tables, make_study, build, monkeypatch) -> None:
    monkeypatch.delenv("WHYCHURN_KEY")
    study = make_study(tables)
    first = build(study)["key_fingerprint"]
    key = study.root / ".whychurn.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(key.read_text().strip()) == 64
    assert build(study)["key_fingerprint"] == first


def test_no_id_of_the_company_is_left_in_interim(tables, make_study, build) -> None:
    for frame in tables.values():
        frame["member_id"] = frame["member_id"].map(
            {"a": "KUNDE-77001", "b": "KUNDE-77002", "c": "KUNDE-77003"}
        )
    study = make_study(tables)
    build(study)
    for path in study.interim.glob("*.parquet"):
        assert "KUNDE-7700" not in pd.read_parquet(path).to_csv()
    assert "KUNDE-7700" not in (study.interim / "intake.json").read_text(encoding="utf-8")


def test_lookup_turns_pseudonyms_back(tables, make_study, build) -> None:
    study = make_study(tables)
    build(study)
    found = lookup(study, load_params(study), [*members(study), "m0000000000000000"])
    assert sorted(found["source_id"].dropna()) == ["a", "b", "c"]
    assert found["source_id"].isna().tolist() == [False, False, False, True]
    for row in found.dropna().itertuples():
        assert pseudonym(row.source_id, b"a key of tests, kept apart") == row.member_id


def test_a_list_gets_the_companys_ids_in_its_order_or_none_at_all(tables, make_study, build) -> None:
    study = make_study(tables)
    build(study)
    known = pd.Series([*members(study), members(study)[0]])
    ids = own_ids(study, load_params(study), known)
    assert [pseudonym(one, b"a key of tests, kept apart") for one in ids] == known.tolist()
    with pytest.raises(WhychurnError, match="no longer has all members"):
        own_ids(study, load_params(study), pd.Series([known[0], "m0000000000000000"]))


def test_lookup_without_a_key_says_so(tables, make_study, monkeypatch) -> None:
    monkeypatch.delenv("WHYCHURN_KEY")
    study = make_study(tables)
    with pytest.raises(WhychurnError, match="no key"):
        lookup(study, load_params(study), ["m0000000000000000"])


def test_ids_that_are_pseudonyms_already_are_kept(tables, make_study, build) -> None:
    study = make_study(tables, {"privacy": {"pseudonymize": False}})
    assert build(study)["key_fingerprint"] is None
    assert members(study) == ["a", "b", "c"]
    assert lookup(study, load_params(study), ["b"])["source_id"].tolist() == ["b"]


def test_an_empty_key_file_is_refused(tables, make_study, build, monkeypatch) -> None:
    monkeypatch.delenv("WHYCHURN_KEY")
    study = make_study(tables)
    (study.root / ".whychurn.key").write_text("\n", encoding="utf-8")
    with pytest.raises(WhychurnError, match="key file is empty"):
        build(study)


def test_the_command_says_which_pseudonyms_it_does_not_know(tables, make_study, build) -> None:
    study = make_study(tables)
    build(study)
    known = read_table(study.interim / "members.parquet")["member_id"].iloc[0]
    done = CliRunner().invoke(app, ["data", "lookup", known, "m0", "--study", str(study.root)])
    assert done.exit_code == 0
    lines = [line for line in done.output.splitlines() if line.startswith("│")]
    assert known in lines[0] and any(f" {name} " in lines[0] for name in "abc")
    assert "m0" in lines[1] and "no member of this source" in lines[1]


@pytest.mark.parametrize(
    "key",
    [
        "1",
        "password",
        "short secret",
        "a" * 40,
        "abab" * 8,
        "12" * 16,
        "0123456789abcdefgh",
        "passwordpassword1",
        "Password123456!!!",
        "shop-2024-shop-2024-",
        "           x",
    ],
)
def test_a_key_that_can_be_guessed_is_refused(key, tables, make_study, build, monkeypatch) -> None:
    monkeypatch.setenv("WHYCHURN_KEY", key)
    with pytest.raises(WhychurnError, match=r"(?s)no secret.*token_hex") as error:
        build(make_study(tables))
    assert len(key.strip()) < 9 or key.strip() not in str(error.value)


@given(st.randoms(use_true_random=False))
def test_random_keys_are_accepted(random) -> None:
    key = random.randbytes(16).hex()
    assume(len(set(key)) >= 8 and "123456" not in key)
    assert weakness(key) is None


def test_a_key_file_that_others_can_read_is_said(tables, make_study, build, monkeypatch, caplog) -> None:
    monkeypatch.delenv("WHYCHURN_KEY")
    study = make_study(tables)
    (study.root / ".whychurn.key").write_text("found in the study, 7\n", encoding="utf-8")
    (study.root / ".whychurn.key").chmod(0o644)
    build(study)
    assert "others on this machine can read the key" in caplog.text
