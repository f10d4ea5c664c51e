"""The worlds of the public benchmark: a fixed list, the same rows on every machine."""

import logging
from pathlib import Path
from typing import Any, Final

import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_table, write_whole
from whychurn.contract.params import WorldParams
from whychurn.world.build import write_world
from whychurn.world.truth.folder import FOLDER

log = logging.getLogger(__name__)
MEMBERS: Final = 3000
MONTHS: Final = 24
HIDDEN: Final = FOLDER.name  # folder of the true causes, apart from the tables
# one world a line; mechanisms that no number of this project was set on, seeds of their own
WORLDS: Final[dict[str, dict[str, Any]]] = {
    "w1": {"program": "shop", "mechanism": "accumulating_multiplicative", "seed": 401},
    "w2": {"program": "gym", "mechanism": "steep_doses", "seed": 402},
    "w3": {"program": "school", "mechanism": "off_topic_texts", "seed": 403},
    "w4": {"program": "app", "mechanism": "inert_service", "seed": 404},
    "w5": {"program": "shop", "mechanism": "saturating_sums", "seed": 405, "survey_answered": 0.06},
    "w6": {"program": "gym", "mechanism": "fast_fading_interaction", "seed": 406, "missing": ["market"]},
    "w7": {"program": "school", "mechanism": "accumulating_multiplicative", "seed": 407, "interviews": 200},
    "w8": {"program": "app", "mechanism": "steep_doses", "seed": 408, "interviews": 200},
}
COMMON: Final[dict[str, Any]] = {
    "members": MEMBERS,
    "months": MONTHS,
    "survey_answered": 0.3,
    "text_share": 0.3,
}


def write_worlds(folder: Path, *, as_csv: bool = False, members: int = MEMBERS) -> list[str]:
    """Write all worlds below `folder`: tables to <world>/raw, true causes to a folder of their own; their names.

    Parameters
    ----------
    as_csv
        Tables as CSV instead of Parquet.
    members
        Of each world; another number than the default makes another benchmark.

    Raises
    ------
    WhychurnError
        If there is something else in the folder, or it cannot be written.
    """
    others = {place.name for place in folder.iterdir()} - {*WORLDS, HIDDEN} if folder.is_dir() else set()
    if others:
        raise WhychurnError(
            f"the folder already holds {sorted(others)[0]!r}",
            file=folder,
            remedy="name a new or an empty folder",
        )
    for name, own in WORLDS.items():
        raw = folder / name / "raw"
        write_world(WorldParams(**(COMMON | own | {"members": members})), raw, folder / HIDDEN / name)
        if as_csv:
            _to_csv(raw)
        log.info("bench: world %s written", name)
    return list(WORLDS)


def _to_csv(raw: Path) -> None:
    for file in sorted(raw.glob("*.parquet")):
        with write_whole(file.with_suffix(".csv")) as temporary:
            read_table(file).to_csv(temporary, index=False)
        file.unlink()


def true_causes(folder: Path) -> dict[str, pd.DataFrame]:
    """Last leaving of each member who left, by world: member_id, cause, p_<cause>.

    Raises
    ------
    WhychurnError
        If a world of the list is not there.
    """
    found = {}
    for name in WORLDS:
        file = folder / HIDDEN / name / "member_causes.parquet"
        if not file.exists():
            raise WhychurnError(
                "a world of the benchmark is not there",
                file=file,
                remedy=f"write them: whychurn bench --out {folder}",
            )
        table = read_table(file)
        left = table[table["status"] == "churned"].sort_values(["member_id", "spell"])
        kept = [column for column in left if column in ("member_id", "cause") or str(column).startswith("p_")]
        found[name] = left.drop_duplicates("member_id", keep="last")[kept].reset_index(drop=True)
    return found


def members_of(folder: Path, name: str) -> set[str]:
    """Ids of all members of a world."""
    for file in (folder / name / "raw").glob("members.*"):
        ids = pd.read_csv(file, dtype=str) if file.suffix == ".csv" else read_table(file)
        return set(ids["member_id"].astype(str))
    raise WhychurnError(
        "a world has no table of members",
        file=folder / name / "raw",
        remedy=f"write it: whychurn bench --out {folder}",
    )
