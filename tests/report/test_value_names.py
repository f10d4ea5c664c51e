"""A study's own values stand under the names that its parameters give them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import write_table
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.report.page.report_page import Page
from whychurn.report.words.value_names import names_in, with_value_names

NAMES = {"web": "官网", "web shop": "网店", "north": "北区"}


def test_values_are_named_where_they_stand_and_nothing_else_is() -> None:
    frame = pd.DataFrame({"region": ["north", "south", None], "note": ["north", "web", "web"]})
    named = with_value_names(frame.astype({"region": "category"}), NAMES)
    assert named["region"].tolist()[:2] == ["北区", "south"] and pd.isna(named["region"].iloc[2])
    assert named["note"].tolist() == ["north", "web", "web"]
    assert with_value_names(frame, {}) is frame
    assert names_in({"zh": NAMES}, "zh") == NAMES and names_in({"zh": NAMES}, "en") == {}


def test_labels_of_comparisons_are_named_whole_values_only() -> None:
    frame = pd.DataFrame(
        {
            "term": ["channel=web shop", "webinars_90d"],
            "label_zh": ["入会渠道：web shop（对比 web）", "近90天 web 讲座"],
        }
    )
    assert with_value_names(frame, NAMES)["label_zh"].tolist() == [
        "入会渠道：网店（对比 官网）",
        "近90天 web 讲座",
    ]


def test_a_page_names_values_in_its_language(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("study: {values: {zh: {north: 北区}}}", encoding="utf-8")
    study = StudyPaths.at(tmp_path)
    write_table(pd.DataFrame({"stratum": ["north"]}), study.results / "churn_by_stratum.parquet")
    params = load_params(study)
    shown = {lang: Page(study, params, lang).rows("churn_by_stratum") for lang in ("en", "zh")}
    assert shown["zh"]["stratum"].tolist() == ["北区"] and shown["en"]["stratum"].tolist() == ["north"]


@pytest.mark.parametrize("names", ["{north: 北区, south: 北区}", "{north: ' '}"])
def test_names_that_tell_nothing_apart_are_refused(tmp_path: Path, names: str) -> None:
    (tmp_path / "params.yaml").write_text(f"study: {{values: {{zh: {names}}}}}", encoding="utf-8")
    with pytest.raises(WhychurnError, match="north"):
        load_params(StudyPaths.at(tmp_path))
