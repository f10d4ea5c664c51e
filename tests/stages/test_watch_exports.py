"""Monthly exports of one shop, watched one after the other: months are kept as they were told, and differences add up."""

from __future__ import annotations

import importlib
import itertools
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import whychurn.cli.watch
from whychurn.cli.watch import watch
from whychurn.contract.files import read_json, read_result, write_table
from whychurn.contract.params import WorldParams, load_params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.tables import TABLES
from whychurn.stages.month_records import FOLDER
from whychurn.world.build import KEY_FILE, build_world

ENDS = pd.date_range("2025-01-01", periods=3, freq="MS")  # of the months that are exported
LATE = (pd.Timestamp("2024-12-20"), ENDS[0])  # some orders of these days come with the export after
PARTS = ["late_data", "new_definition", "new_model", "new_members", "remains"]
SETTINGS = """
panel: {threshold_days: 30, audit_sample: 20}
risk: {trials: 1, bootstrap: 20, test_months: 1, calibration_months: 1}
voice: {method: kmeans}
causes: {stability_drops: [], methods: [survey, additive_hazard]}
"""
STAGES = ("intake", "voice", "panel", "risk", "causes", "watch")


def run_stages(study: StudyPaths, *_: object, **__: object) -> None:
    """The stages that watch needs, in this process; without survival no alarm has a cost."""
    write_table(pd.DataFrame(), study.results / "lifetime_value.parquet")
    for stage in STAGES:
        importlib.import_module(f"whychurn.stages.{stage}").run(study, load_params(study))


def exported(raw: Path, exports: Path) -> None:
    """Cut a shop's tables at the ends of months, as a company exports them."""
    for end in ENDS:
        folder = exports / f"{end - pd.Timedelta(days=1):%Y-%m}"
        folder.mkdir(parents=True)
        for file in raw.glob("*.parquet"):
            rows = pd.read_parquet(file)
            time = rows[str(TABLES[file.stem].time)]
            known = time < end
            if file.stem == "orders" and end == ENDS[0]:
                known &= ~(time.between(*LATE) & (np.arange(len(rows)) % 3 == 0))
            for name, field in TABLES[file.stem].fields.items():
                if name in rows and field.kind in ("date", "instant") and name != TABLES[file.stem].time:
                    rows[name] = rows[name].where(rows[name] < end)
            rows[known].to_parquet(folder / file.name)


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shop")
    world = WorldParams(members=700, months=15, seed=3)  # until the end of March 2025
    build_world(world, root, root / "raw")
    exported(root / "raw", root / "exports")
    shutil.copy2(root / "raw" / KEY_FILE, root / "exports")
    return root / "exports"


@pytest.mark.slow
def test_months_are_kept_as_told_and_differences_add_up(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = StudyPaths.at(tmp_path / "项目")
    study.root.mkdir()
    (study.root / "params.yaml").write_text(SETTINGS, encoding="utf-8")
    (study.root / "raw").mkdir()
    shutil.copy2(exports / KEY_FILE, study.root / "raw")
    kept: list[dict[str, bytes]] = []

    def run(place: StudyPaths, *_: object, **__: object) -> None:
        run_stages(place)
        kept.append({file.name: file.read_bytes() for file in (place.root / FOLDER).glob("2*")})

    monkeypatch.setattr(whychurn.cli.watch, "run_study", run)
    watch(study.root, exports)
    names = [f"{end - pd.Timedelta(days=1):%Y-%m}" for end in ENDS]
    assert [sorted({name[:7] for name in told}) for told in kept] == [names[:1], names[:2], names]
    for before, after in itertools.pairwise(kept):
        assert all(after[name] == content for name, content in before.items())
    watch(study.root, exports)
    assert len(kept) == 3, "months that are watched already are passed over"
    check_comparison(study, names)
    said = capsys.readouterr().out
    assert "No earlier month" not in said and "Nothing is compared" not in said


def check_comparison(study: StudyPaths, names: list[str]) -> None:
    """February against January: then is what was told in January, and the parts add up."""
    table = read_result(study.results / "watch_months.parquet").set_index("headline")
    told = read_json(study.root / FOLDER / f"{names[1]}.json")["headlines"]
    assert {"leavings", "rate", "value_at_risk"} <= set(table.index) and set(table["word"]) <= {
        "real", "not_told", "made_by_us",
    }  # fmt: skip
    for headline, row in table.iterrows():
        assert row["then"] == told[headline]
        assert row[PARTS].sum() == pytest.approx(row["difference"], abs=1e-9 * max(1, abs(row["now"])))
    assert "record" not in read_json(study.results / "watch.json")["months"], "a second run writes the same"
