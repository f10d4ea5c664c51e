"""`whychurn watch --exports` writes over no table of the study's own, and wants exports to be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from whychurn.cli.watch import watch
from whychurn.contract.errors import WhychurnError


def test_exports_must_be_there_and_write_over_no_tables(tmp_path: Path) -> None:
    study, exports = tmp_path / "study", tmp_path / "exports"
    (study / "raw").mkdir(parents=True)
    (study / "params.yaml").write_text("{}\n", encoding="utf-8")
    with pytest.raises(WhychurnError, match="no monthly exports"):
        watch(study, exports)
    (exports / "2025-11").mkdir(parents=True)
    (exports / "2025-11" / "orders.csv").write_text("order_id\n", encoding="utf-8")
    own = study / "raw" / "orders.csv"
    own.write_text("mine\n", encoding="utf-8")
    with pytest.raises(WhychurnError, match="tables of its own"):
        watch(study, exports)
    assert own.read_text(encoding="utf-8") == "mine\n"


def test_an_export_of_one_month_alone_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, exports = tmp_path / "study", tmp_path / "exports"
    study.mkdir()
    (study / "params.yaml").write_text("{}\n", encoding="utf-8")
    for month, rows in (("2025-10", 300), ("2025-11", 100)):
        (exports / month).mkdir(parents=True)
        (exports / month / "orders.csv").write_text("order_id\n" + "O1\n" * rows, encoding="utf-8")
    ran: list[str] = []
    monkeypatch.setattr("whychurn.cli.watch.run_study", lambda place, *_, **__: ran.append(place.root.name))
    with pytest.raises(
        WhychurnError, match=r"(?s)orders\.csv is less than half.*not those of the month alone"
    ):
        watch(study, exports)
    assert ran == ["study"] and (study / "raw" / "orders.csv").read_text("utf-8").count("O1") == 300
