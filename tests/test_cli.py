"""The command line on terminals and log files that cannot show every sign."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import yaml
from typer.testing import CliRunner

from whychurn.cli import app
from whychurn.cli.data import data_draft
from whychurn.contract.errors import WhychurnError

PROGRAM = [sys.executable, "-c", "from whychurn.cli import main; main()"]


def call(encoding: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = {
        **os.environ,
        "PYTHONIOENCODING": encoding,
        "PYTHONUTF8": "0",
        "WHYCHURN_KEY": "a key of tests, kept apart",
    }
    return subprocess.run(
        [*PROGRAM, *arguments], capture_output=True, env=environment, check=False, timeout=120
    )


@pytest.fixture
def study(tmp_path):
    raw = tmp_path / "会员" / "raw"
    raw.mkdir(parents=True)
    (raw / "members.csv").write_text(
        "member_id,joined_on,城市\na,2024-01-01,北京\nb,2024-01-02,Köln\n",
        encoding="gb18030",
        errors="replace",
    )
    (raw / "orders.csv").write_text(
        "order_id,member_id,ordered_at,amount\n1,a,2024-02-01,5\n2,b,2024-03-01,6\n", encoding="utf-8"
    )
    return raw.parent


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_the_check_prints_its_table_on_any_terminal(study, encoding) -> None:
    done = call(encoding, "data", "check", str(study))
    printed = done.stdout.decode(encoding)
    assert b"Traceback" not in done.stderr
    assert done.returncode == 0, printed
    assert "members.csv" in printed
    assert "The tables fit" in printed


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["params"], ["params", "没有"], ["data", "check", "没有这个文件夹"], ["stage", "é…"]],
)
def test_no_command_fails_for_a_sign_that_the_terminal_lacks(arguments) -> None:
    done = call("ascii", *arguments)
    assert b"UnicodeEncodeError" not in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--study"],
        ["stage", "voice", "--study"],
        ["report", "--study"],
        ["data", "check"],
        ["ask", "--budget", "5", "--study"],
        ["data", "lookup", "m0123456789abcdef", "--study"],
        ["experiment", "promote", "--reason", "x", "--study"],
        ["serve", "--study"],
        ["mlflow", "--study"],
        ["world", "score", "--study"],
    ],
)
@pytest.mark.parametrize("kind", ["absent", "file"])
def test_a_study_that_is_no_folder_is_named_and_nothing_is_made(tmp_path, arguments, kind) -> None:
    place = tmp_path / "study"
    if kind == "file":
        place.write_text("members", encoding="utf-8")
    with pytest.raises(WhychurnError) as caught:
        CliRunner().invoke(app, [*arguments, str(place)], catch_exceptions=False)
    assert ("this is a file" if kind == "file" else "there is no such folder") in str(caught.value)
    assert str(place) in str(caught.value)
    assert place.exists() == (kind == "file")


def test_a_reader_that_goes_away_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*PROGRAM, "params"], stdout=writing, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False
    )
    os.close(writing)
    assert b"Traceback" not in done.stderr
    assert b"Error" not in done.stderr


def test_the_draft_is_written_and_says_what_comes_next(study, capsys) -> None:
    (study / "raw" / "notes.csv").write_text("topic,remark\nx,y\nz,w\n", encoding="utf-8")
    (study / "raw" / "orders.csv").rename(study / "raw" / "verkauf.csv")
    data_draft(study)
    printed = capsys.readouterr().out.replace("\n", "")
    assert (
        yaml.safe_load((study / "params.yaml").read_text("utf-8"))["intake"]["tables"]["orders"]
        == "verkauf.csv"
    )
    assert all(
        part in printed for part in ("verkauf.csv", "Not used: notes", "whychurn data check", "params.yaml")
    )
    written = (study / "params.yaml").read_bytes()
    data_draft(study)
    assert (study / "params.yaml").read_bytes() == written and (study / "params.draft.yaml").exists()
