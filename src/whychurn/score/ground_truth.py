"""Ground truth: the planted causes of a simulated study, under the ids of its results; nothing else reads them."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import check_written, read_rows, read_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.intake.privacy.pseudonym import find_key, pseudonyms
from whychurn.world.truth.folder import FOLDER


@dataclass(frozen=True)
class GroundTruth:
    """What was planted, ids as in the results.

    Parameters
    ----------
    causes
        One row a churn event, and one a member still there: member_id, spell, status, decided_on, left_on,
        cause, p_<cause>.
    without
        One row a member: p_churn, p_without_<cause>.
    """

    causes: pd.DataFrame
    without: pd.DataFrame


def has_ground_truth(study: StudyPaths) -> bool:
    """Whether the causes of this study are known because they were planted."""
    return (study.root / FOLDER / "member_causes.parquet").exists()


def read_ground_truth(study: StudyPaths, params: Params) -> GroundTruth:
    """The planted causes under the ids of the results.

    Raises
    ------
    WhychurnError
        If the key that makes pseudonyms is gone.
    """
    causes, without = read_planted(study, params, "member_causes", "churn_without")
    kinds = {"member_id": "string"}
    return GroundTruth(causes.astype(kinds), without.astype(kinds))


def read_planted(study: StudyPaths, params: Params, *names: str) -> list[pd.DataFrame]:
    """Planted tables by name, members under the ids of the results.

    Raises
    ------
    WhychurnError
        If the key that makes pseudonyms is gone.
    """
    return [planted_table(study, params, name) for name in names]


def planted_table(
    study: StudyPaths,
    params: Params,
    name: str,
    columns: list[str] | None = None,
    members: Collection[str] | None = None,
) -> pd.DataFrame:
    """A planted table, members under the ids of the results.

    Parameters
    ----------
    columns
        Those to read; all of them if not given.
    members
        Whose rows to read, ids as in the results; everybody's if not given.

    Raises
    ------
    WhychurnError
        If the key that makes pseudonyms is gone.
    """
    file = study.root / FOLDER / f"{name}.parquet"
    check_written(file)
    if "member_id" not in (pq.read_schema(file).names if columns is None else columns):
        return read_table(file, columns)
    own = read_table(file, ["member_id"], texts_as_categories=True)["member_id"].cat
    known = _as_in_results(own.categories.to_series(), study, params)
    wanted = np.ones(len(known), dtype=bool) if members is None else known.isin(members).to_numpy(bool)
    codes = own.codes.to_numpy()
    table = read_rows(file, wanted[codes], columns)
    if params.privacy.pseudonymize:
        table["member_id"] = known.array.take(codes[wanted[codes]])
    return table


def _as_in_results(ids: pd.Series, study: StudyPaths, params: Params) -> pd.Series:
    if not params.privacy.pseudonymize:
        return ids
    key = find_key(study, params.intake.source)
    if key is None:
        raise WhychurnError(
            "there is no key, so planted causes cannot be put beside attributed ones",
            file=study.raw / "whychurn.key",
            remedy="restore the key of the simulated programme, or simulate it again",
        )
    return pseudonyms(ids, key)
