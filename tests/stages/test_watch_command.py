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
