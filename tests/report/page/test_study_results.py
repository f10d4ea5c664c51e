"""What pages read of a study: tables with their columns, facts, both empty where no stage has run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from whychurn.contract.files import write_json, write_table
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import columns_of
from whychurn.report.page.study_results import read_facts, read_tables


def test_absent_results_are_empty_and_present_ones_are_read(tmp_path: Path) -> None:
    study = StudyPaths(tmp_path)
    study.results.mkdir(parents=True)
    write_table(pd.DataFrame({"cause": ["price"], "share": [0.2]}), study.results / "stated_shares.parquet")
    write_json({"answered": 3}, study.results / "causes.json")
    tables = read_tables(study, ["cause_change", "stated_shares"])
    assert list(tables["cause_change"]) == columns_of("cause_change") and tables["cause_change"].empty
    assert tables["stated_shares"]["share"].tolist() == [0.2]
    assert read_facts(study, "causes") == {"answered": 3} and read_facts(study, "risk") == {}
