"""Command that says whether what was found still holds."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from whychurn.cli.groups import StudyOption, app, console
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json, read_result
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.system.processes import cores
from whychurn.intake.read.files.file_kinds import PACKED, TABLES
from whychurn.stages.month_records import FOLDER
from whychurn.stages.pipeline import run_study
from whychurn.watch.charts.alarms import still_open

_SHOWN = {"real": "real", "made_by_us": "made by late data, rules or the model, not by members"}


@app.command()
def watch(
    study: StudyOption = None,
    exports: Annotated[
        Path | None,
        typer.Option(
            help="Folder of monthly exports: a folder of tables a month, such as 2025-11, each with all rows until then."
        ),
    ] = None,
) -> None:
    """Run what is missing, and say which alarms are open, what changed and what came in broken."""
    place = StudyPaths.existing(study)
    if exports is None:
        run_study(place, "watch", jobs=min(2, cores()))
    else:
        _run_exports(place, exports)
    _say(place)


def _run_exports(place: StudyPaths, exports: Path) -> None:
    """One run a month, oldest first; months that are kept already are passed over, so a killed run resumes."""
    months = sorted(path for path in exports.iterdir() if path.is_dir()) if exports.is_dir() else []
    if not months:
        raise WhychurnError(
            "no monthly exports", file=exports, remedy="a folder of tables a month, such as 2025-11/"
        )
    source = place.root / load_params(place).intake.source
    done = place.root / FOLDER / "exports.txt"
    kept = set(done.read_text(encoding="utf-8").splitlines()) if done.exists() else set()
    tables = _tables(source)
    if tables and not done.exists():
        raise WhychurnError(
            "the study has tables of its own, which exports would write over", file=source,
            remedy="name a new study folder with params.yaml, or run without --exports",
        )  # fmt: skip
    for month in months:
        if month.name in kept:
            continue
        if missing := tables - _tables(month):
            raise WhychurnError(
                f"{', '.join(sorted(missing))} of the export before is not in this one", file=month,
                remedy="put it there, without rows if there are none",
            )  # fmt: skip
        if shrunk := sorted(name for name in tables if 2 * _size(month / name) < _size(source / name)):
            raise WhychurnError(
                f"{', '.join(shrunk)} is less than half of what the export before held", file=month,
                remedy="an export holds all rows until the end of its month, not those of the month alone: put them together",
            )  # fmt: skip
        tables = _tables(month)
        console.print(f"{month.name} …", markup=False)
        done.parent.mkdir(parents=True, exist_ok=True)
        done.touch()  # before the first table, so that a killed run resumes
        source.mkdir(parents=True, exist_ok=True)
        for file in sorted(month.iterdir()):
            shutil.copy2(file, source / file.name)
        run_study(place, "watch", jobs=min(2, cores()))
        with done.open("a", encoding="utf-8") as lines:
            lines.write(f"{month.name}\n")


def _tables(folder: Path) -> set[str]:
    files = folder.iterdir() if folder.is_dir() else ()
    return {path.name for path in files if path.suffix.lower() in (*TABLES, *PACKED)}


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _say(place: StudyPaths) -> None:
    facts = read_json(place.results / "watch.json")
    tables = {
        name: read_result(place.results / f"watch_{name}.parquet")
        for name in ("received", "alarms", "months")
    }
    broken = tables["received"].query("state == 'broken'")
    for row in broken[broken["month"] == broken["month"].max()].itertuples():
        _line(f"Broken: {row.table} of {row.month:%Y-%m}: {row.why}")
    alarms = still_open(tables["alarms"])
    for row in alarms.itertuples():
        _line(f"Alarm: {row.chart}:{row.group} since {row.since:%Y-%m}, {row.direction}. Try: {row.command}")
    changed = tables["months"]
    for row in changed[changed["word"].isin(_SHOWN)].to_dict("records"):
        then, now, low, high = (_figure(row[name]) for name in ("then", "now", "low", "high"))
        _line(f"{row['headline']}: {then} -> {now} (difference {low} to {high}), {_SHOWN[row['word']]}")
    compared = facts.get("months", {})
    if compared.get("why_not"):
        _line(f"Nothing is compared: {compared['why_not']}")
    elif compared.get("then") is None:
        _line("No earlier month was kept; the next month is compared with this one.")
    if broken.empty and alarms.empty and not changed["word"].isin(_SHOWN).any():
        _line("Nothing broken, no open alarm, no change that is told from chance.")


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _line(text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
