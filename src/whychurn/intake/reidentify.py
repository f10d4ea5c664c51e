"""The company's own ids behind pseudonyms, for whoever holds the key and the source."""

from collections.abc import Sequence

import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.intake.check.all_tables import read_tables
from whychurn.intake.check.problems import raise_problems
from whychurn.intake.privacy.pseudonym import STUDY_KEY, VARIABLE, find_key, pseudonyms
from whychurn.intake.read.dtypes import TEXT
from whychurn.intake.read.source import open_source


def lookup(study: StudyPaths, params: Params, wanted: Sequence[str]) -> pd.DataFrame:
    """The company's ids behind pseudonyms, for whoever holds the key and the source.

    Parameters
    ----------
    wanted
        Pseudonyms, such as those of a warning list.

    Returns
    -------
    DataFrame
        ``member_id`` (as asked), ``source_id`` (null where no member of the source has this pseudonym).

    Raises
    ------
    WhychurnError
        If there is no key, or the source cannot be read.
    """
    ids = _source_ids(study, params)
    if params.privacy.pseudonymize:
        key = find_key(study, params.intake.source)
        if key is None:
            raise WhychurnError(
                "there is no key", file=study.root / STUDY_KEY, remedy=f"set {VARIABLE}, or restore it"
            )
        source_ids = dict(zip(pseudonyms(ids, key), ids, strict=True))
    else:
        source_ids = dict(zip(ids, ids, strict=True))
    return pd.DataFrame(
        {"member_id": list(wanted), "source_id": [source_ids.get(one) for one in wanted]}, dtype="string"
    )


def own_ids(study: StudyPaths, params: Params, wanted: pd.Series) -> pd.Series:
    """The company's id of each pseudonym in a list, in its order.

    Raises
    ------
    WhychurnError
        As `lookup`; or if the source no longer has one of the members.
    """
    found = lookup(study, params, wanted.drop_duplicates().tolist()).set_index("member_id")["source_id"]
    ids = found.reindex(wanted)
    if gone := int(ids.isna().sum()):
        raise WhychurnError(
            "the source no longer has all members of the list, or the key is another",
            rows=gone,
            remedy=f"run again with the tables of today: whychurn run --study {study.root}",
        )
    return ids.reset_index(drop=True)


def _source_ids(study: StudyPaths, params: Params) -> pd.Series:
    tables, problems = read_tables(open_source(study, params.intake), params)
    raise_problems(problems, [])
    ids = [checked.frame["member_id"] for checked in tables.values() if "member_id" in checked.frame]
    return pd.concat(ids).dropna().drop_duplicates().astype(TEXT).reset_index(drop=True)
