"""Months as they were told (data/watch/YYYY-MM): written once; DVC does not know the folder and leaves it alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pandas as pd

from whychurn.contract.files import read_json, read_table, write_json, write_table
from whychurn.contract.params import Params
from whychurn.contract.paths import PACKAGE, StudyPaths
from whychurn.watch.inputs import MonthRecord

FOLDER: Final = Path("data") / "watch"
_MODELS: Final = ("risk_model/model.ubj", "risk_model/calibrator.json", "causes/mix.json")
_CODE: Final = ("panel", "risk/value_at_risk.py", "watch/month_record.py")


def read_records(study: StudyPaths, members: Iterable[str]) -> list[MonthRecord]:
    """All months kept, oldest first; rows of members who are no longer in the tables are removed from the files."""
    keep_members(study, set(members))
    return [
        MonthRecord(pd.Timestamp(path.stem), read_table(path), read_json(path.with_suffix(".json")))
        for path in _files(study)
        if path.with_suffix(".json").exists()
    ]


def write_record(study: StudyPaths, record: MonthRecord) -> str:
    """Keep a month; one that is kept is never written over.

    Returns
    -------
    str
        written, kept (it was told before, from the same rows, rules and model) or differs (told otherwise before).
    """
    path = study.root / FOLDER / f"{record.month:%Y-%m}.parquet"
    if path.exists() and path.with_suffix(".json").exists():
        told = read_json(path.with_suffix(".json"))
        return "kept" if told["digests"] == record.told["digests"] else "differs"
    write_table(record.members, path)
    write_json(record.told, path.with_suffix(".json"))  # last: a month with its JSON is whole
    return "written"


def keep_members(study: StudyPaths, members: set[str]) -> int:
    """Remove the rows of all others from all months.

    Returns
    -------
    int
        Rows removed.
    """
    removed = 0
    for path in _files(study):
        frame = read_table(path)
        known = frame["member_id"].isin(members).to_numpy(dtype=bool)
        if not known.all():
            removed += int((~known).sum())
            write_table(frame[known].reset_index(drop=True), path)
    return removed


def forget_members(study: StudyPaths, members: set[str]) -> int:
    """Remove the rows of `members` from all months; rows removed."""
    held = {one for path in _files(study) for one in read_table(path)["member_id"]}
    return keep_members(study, held - members) if held & members else 0


def run_digests(study: StudyPaths, params: Params) -> dict[str, str]:
    """Digests of the parameters, the code and the models that a month's headlines depend on."""
    sections = {
        name: getattr(params, name).model_dump(mode="json") for name in ("panel", "business", "retention")
    }
    code = [
        file
        for place in _CODE
        for file in (
            sorted((PACKAGE / place).rglob("*.*")) if (PACKAGE / place).is_dir() else [PACKAGE / place]
        )
        if file.suffix in (".py", ".yaml", ".sql")
    ]
    models = [file for name in _MODELS if (file := study.processed / name).exists()]
    return {
        "parameters": hashlib.sha256(json.dumps(sections, sort_keys=True).encode()).hexdigest()[:16],
        "code": _digest(code),
        "model": _digest(models),
    }


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _files(study: StudyPaths) -> list[Path]:
    return sorted((study.root / FOLDER).glob("*.parquet"))
