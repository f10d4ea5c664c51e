"""Erase members from all that was computed of them, and show what was removed and what still holds them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow.parquet as pq

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.tables import TABLES
from whychurn.intake.check.all_tables import read_tables
from whychurn.intake.privacy.pseudonym import find_key, pseudonym
from whychurn.intake.read.dtypes import TEXT, as_text
from whychurn.intake.read.source import is_address, open_source
from whychurn.stages.erasure.stored_copies import folder_size, remove
from whychurn.stages.month_records import FOLDER, forget_members
from whychurn.stages.running.locks import live_locks, release_dead_locks

# In this order: without its lock file no stage counts as up to date, so that a kill on the way does no harm.
_COMPUTED: Final = (
    "dvc.lock",
    ".dvc/cache",
    "data/interim",
    "data/processed",
    "data/results",
    "data/ask",
    "reports",
    ".whychurn/blocks",
)
_TRACKER: Final = "data/mlflow"
_PSEUDONYM: Final = re.compile(r"m[0-9a-f]{16}")
_TELLING: Final = 8  # characters of a value that the member alone had, from which on it is searched for


@dataclass
class Erasure:
    """What `erase_members` did.

    Parameters
    ----------
    members, known
        Members asked for; of them, those that something computed held.
    removed
        Place below the study -> number of files and their bytes.
    in_source
        Contract table -> rows of the source that still hold one of them.
    left
        Files that still hold one of them and that no run made, below the study.
    searched
        Files that were searched afterwards.
    """

    members: int
    known: int = 0
    removed: dict[str, tuple[int, int]] = field(default_factory=dict)
    in_source: dict[str, int] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    searched: int = 0

    @property
    def complete(self) -> bool:
        """Whether neither the source nor any file of the study holds one of the members."""
        return not self.in_source and not self.left


def erase_members(study: StudyPaths, params: Params, ids: Sequence[str]) -> Erasure:
    """Remove all that was computed while these members were in the tables, every stored version of it included.

    Tables of results hold rows of members without their ids (texts, evidence, quotations in reports), so
    whole folders go; a run makes them again. Files of the tracker go where they hold an id or a value that
    the member alone had. The company's own tables are read and not changed.

    Parameters
    ----------
    ids
        The company's ids, or pseudonyms.

    Raises
    ------
    WhychurnError
        If a run is under way, the study is the simulated demo, or no member is named.
    """
    _check(study, ids)
    key = find_key(study, params.intake.source) if params.privacy.pseudonymize else None
    shown = {one if _PSEUDONYM.fullmatch(one) or key is None else pseudonym(one, key) for one in ids}
    done = Erasure(len(set(ids)), in_source=_rows_of_source(study, params, set(ids), shown, key))
    known, telling = _traces(study, shown)
    done.known = known
    words = shown | {one for one in ids if len(one) >= _TELLING} | telling
    for place in _COMPUTED:
        path = study.root / place
        if path.exists():
            done.removed[place] = folder_size(path)
            remove(path)
    if rows := forget_members(study, shown):
        done.removed[str(FOLDER)] = (rows, 0)
    for path in _files(study.root / _TRACKER):
        if _holds(path, words):
            done.removed[str(path.relative_to(study.root))] = folder_size(path)
            path.unlink()
    kept = {
        *study.root.glob("params*"),
        *study.root.glob("*.key"),
        *_source_files(study, params),
    }  # the user's own
    rest = [path for path in _files(study.root) if path not in kept]
    done.searched = len(rest)
    done.left = [str(path.relative_to(study.root)) for path in rest if _holds(path, words)]
    return done


def read_ids(source: str) -> list[str]:
    """Ids of a file, or of the standard input (``-``), one a line.

    Raises
    ------
    WhychurnError
        If the file cannot be read.
    """
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise WhychurnError("cannot read the ids", file=source, remedy="one id a line, in UTF-8") from None
    return [line.strip() for line in text.splitlines() if line.strip()]


def _check(study: StudyPaths, ids: Sequence[str]) -> None:
    if study.is_demo:
        raise WhychurnError("the demo's members are simulated", remedy="name a study: --study FOLDER")
    if not ids:
        raise WhychurnError(
            "no member is named",
            remedy="give ids, or --from FILE with one a line (- reads them from the input)",
        )
    release_dead_locks(study.root)
    if live_locks(study.root):
        raise WhychurnError(
            "a run is under way in this study",
            file=study.root,
            remedy="wait for its end, or stop it, then erase",
        )


def _rows_of_source(
    study: StudyPaths, params: Params, ids: set[str], shown: set[str], key: bytes | None
) -> dict[str, int]:
    tables, _ = read_tables(open_source(study, params.intake), params)
    counts = {}
    for table in TABLES:
        if table in tables and "member_id" in tables[table].frame:
            column = tables[table].frame["member_id"]
            own = column.isin(ids | shown)
            if key is not None and any(_PSEUDONYM.fullmatch(one) for one in ids):
                own |= column.map(lambda one: isinstance(one, str) and pseudonym(one, key) in shown).astype(
                    bool
                )
            if own.any():
                counts[table] = int(own.sum())
    return counts


def _traces(study: StudyPaths, shown: set[str]) -> tuple[int, set[str]]:
    """How many of the members the checked tables hold, and texts that they alone had."""
    known: set[str] = set()
    telling: set[str] = set()
    for path in sorted(study.interim.glob("*.parquet")):
        frame = pd.read_parquet(path)
        if "member_id" not in frame:
            continue
        own = frame["member_id"].isin(shown)
        known |= set(frame.loc[own, "member_id"])
        for name in frame.columns if own.any() else ():
            if pd.api.types.is_string_dtype(frame[name].dtype) and name != "member_id":
                texts = as_text(frame[name].astype(TEXT))
                mine = set(texts[own].dropna()) - set(texts[~own].dropna())
                telling |= {text for text in mine if len(text) >= _TELLING}
    return len(known), telling


def _source_files(study: StudyPaths, params: Params) -> list[Path]:
    source = params.intake.source
    if is_address(source):
        return []
    folder = (study.root / Path(source).expanduser()).resolve()
    if folder == study.root.resolve():  # tables beside params.yaml
        return [path for path in folder.iterdir() if path.is_file()]
    return [
        path for path in _files(study.root) if folder in path.resolve().parents or path.resolve() == folder
    ]


def _files(root: Path) -> Iterator[Path]:
    return (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())


def _holds(path: Path, words: set[str]) -> bool:
    try:
        if path.suffix == ".parquet":
            text = pq.read_table(path).to_pandas().to_csv()
            return any(word in text for word in words)
        content = path.read_bytes()
    except OSError:
        return True  # what cannot be read is not shown to be free of them
    return any(word.encode() in content for word in words)
