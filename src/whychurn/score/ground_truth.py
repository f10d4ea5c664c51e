"""Ground truth: the planted causes of a simulated study, under the ids of its results; nothing else reads them."""

from dataclasses import dataclass

import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_table
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
    tables = [read_table(study.root / FOLDER / f"{name}.parquet") for name in names]
    if params.privacy.pseudonymize:
        key = find_key(study, params.intake.source)
        if key is None:
            raise WhychurnError(
                "there is no key, so planted causes cannot be put beside attributed ones",
                file=study.raw / "whychurn.key",
                remedy="restore the key of the simulated programme, or simulate it again",
            )
        for table in tables:
            if "member_id" in table:
                table["member_id"] = pseudonyms(table["member_id"], key)
    return tables
