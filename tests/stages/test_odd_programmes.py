"""Programmes at the edge run from raw tables to rendered reports, in both languages."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import pandas as pd
import pytest

from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.report.words import LANGUAGES
from whychurn.stages.pipeline import STAGES

START = pd.Timestamp("2023-01-02")
PROGRAMMES = {  # days of each member's orders
    "one member": [range(0, 700, 15)],
    "nobody left": [range(n % 12, 700, 12) for n in range(60)],
    "everybody left": [range(n % 10, 60, 10) for n in range(60)],
    "one day": [[0]] * 30,
}


@pytest.fixture(params=PROGRAMMES)
def study(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StudyPaths:
    monkeypatch.setenv("WHYCHURN_KEY", "a key of tests, kept apart")
    root = tmp_path / f"项目 {request.param}"
    (root / "raw").mkdir(parents=True)
    members, orders = [], []
    for number, days in enumerate(PROGRAMMES[request.param]):
        dates = [f"{START + pd.Timedelta(days=day):%Y-%m-%d}" for day in days]
        # the first one ordered before joining, and beside them one never ordered at all
        members.append((f"m{number}", dates[-1] if number == 0 else dates[0]))
        orders += [(f"{number}-{day}", f"m{number}", date, 20) for day, date in zip(days, dates, strict=True)]
    if len(members) > 1:
        members.append(("idle", f"{START:%Y-%m-%d}"))
    pd.DataFrame(members, columns=["member_id", "joined_on"]).to_csv(
        root / "raw" / "members.csv", index=False
    )
    columns = ["order_id", "member_id", "ordered_at", "amount"]
    pd.DataFrame(orders, columns=columns).to_csv(root / "raw" / "orders.csv", index=False)
    (root / "params.yaml").write_text("risk: {trials: 2, bootstrap: 20}\n", encoding="utf-8")
    return StudyPaths.at(root)


def test_reports_are_rendered_and_say_what_they_cannot(study: StudyPaths) -> None:
    for stage in STAGES[1:]:  # its own tables: no simulated world
        importlib.import_module(f"whychurn.stages.{stage}").run(study, load_params(study))
    facts = json.loads((study.results / "risk.json").read_text(encoding="utf-8"))
    assert facts["status"] != "ok", "nothing tells leavers from stayers here"
    for lang in LANGUAGES:
        pages = {
            path.stem: path.read_text(encoding="utf-8") for path in (study.reports / lang).glob("*.html")
        }
        assert {"index", "10_data", "20_retention", "30_risk"} <= set(pages)
        assert facts["reason"][lang] in pages["30_risk"], "the report says why there is no forecast"
        for name, page in pages.items():
            seen = re.sub(r"<(script|style|details).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
            assert not re.findall(r"\bnan\b|\bNaT\b|Traceback|\{\w+\}", seen), name
