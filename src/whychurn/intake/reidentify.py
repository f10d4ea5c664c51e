"""The company's own ids behind pseudonyms, for whoever holds the key and the source."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.tables import TABLES
from whychurn.intake.privacy.pseudonym import OWN_KEY, VARIABLE, find_key, pseudonyms
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
                "there is no key", file=study.root / OWN_KEY, remedy=f"set {VARIABLE}, or restore it"
            )
        found = dict(zip(pseudonyms(ids, key), ids, strict=True))
    else:
        found = dict(zip(ids, ids, strict=True))
    return pd.DataFrame(
        {"member_id": list(wanted), "source_id": [found.get(one) for one in wanted]}, dtype="string"
    )


def _source_ids(study: StudyPaths, params: Params) -> pd.Series:
    from whychurn.intake.check.all_tables import (
        read_drafts,  # the examination itself needs nothing of this module
    )

    drafts = read_drafts(open_source(study, params.intake), params)
    holders = [drafts[table].frame["member_id"] for table in TABLES if "member_id" in drafts[table].frame]
    return pd.concat(holders).dropna().drop_duplicates().astype(TEXT).reset_index(drop=True)
