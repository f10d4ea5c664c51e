"""How good an attribution is, where the true causes are known; the public benchmark of such attributions."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from whychurn.api.causes import Attribution
from whychurn.api.settings import given
from whychurn.api.simulated import Truth
from whychurn.causes.tables.attributions_and_shares import P
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params, ScoreParams
from whychurn.score.ground_truth import GroundTruth
from whychurn.score.public_benchmark.ranking import score_submissions
from whychurn.score.public_benchmark.worlds import write_worlds
from whychurn.score.results import score_causes


def score(
    attribution: Attribution, truth: Truth, *, settings: Params | ScoreParams | None = None
) -> pd.DataFrame:
    """How good an attribution is, beside baselines, ceiling and oracle.

    Parameters
    ----------
    attribution
        From `attribute`, on the tables of a simulated programme.
    truth
        Of the same programme.
    settings
        Bootstrap, matching of leavings, the classifier that learns from the true causes (``ceiling``).

    Returns
    -------
    DataFrame
        method, measure, cause (``all`` or one of the six), value, low, high. Methods: the attribution's own; majority and prior (the
        shares alone), ceiling (a classifier that was taught the truth), oracle (the simulator's own chances), planted.
        Measures: log_loss, skill, accuracy, share_error, …

    Raises
    ------
    WhychurnError
        If the two speak of different members, or the attribution knows nothing.

    Examples
    --------
    >>> import whychurn
    >>> table = whychurn.score(why, shop.truth, settings=quick.score)
    >>> mine = table[(table["measure"] == "skill") & (table["cause"] == "all")]
    >>> mine["method"].tolist()
    ['majority_vote', 'majority', 'prior', 'ceiling', 'oracle']
    """
    if not isinstance(truth, Truth):
        raise WhychurnError(
            f"the truth is a {type(truth).__name__}", remedy="give the truth of whychurn.simulate"
        )
    if attribution.members[P].isna().all(axis=None):
        raise WhychurnError(
            "the attribution does not know the causes",
            remedy="see attribution.limitations for what is missing",
        )
    params = given(settings)
    kept = ["member_id", "spell_no", "status", "anchor_on", *P, "primary_cause"]
    members = attribution.members[kept].assign(method=attribution.method)
    shares = attribution.shares.merge(attribution.avoidable, on="cause")
    found = score_causes(
        members.astype({"method": "string"}),
        shares.assign(method=attribution.method),
        attribution.evidence,
        GroundTruth(truth.member_causes, truth.churn_without),
        params,
    ).scores
    if found.empty:
        raise WhychurnError(
            "no attributed leaving has a planted one",
            remedy="give the truth of the programme whose tables were attributed, loaded without pseudonyms",
        )
    return found


def bench(folder: str | Path, *, as_csv: bool = False) -> list[str]:
    """Write the worlds of the public benchmark below `folder`, the true causes apart; their names.

    Parameters
    ----------
    folder
        New or empty; gets <world>/raw with the tables of each world.
    as_csv
        Tables as CSV instead of Parquet.

    Raises
    ------
    WhychurnError
        If the folder holds something else, or cannot be written.

    Examples
    --------
    >>> import whychurn
    >>> whychurn.bench("bench")  # doctest: +SKIP
    ['w1', 'w2', 'w3', 'w4', 'w5', 'w6', 'w7', 'w8']
    """
    return write_worlds(Path(folder), as_csv=as_csv)


def bench_score(folder: str | Path, files: Sequence[str | Path]) -> pd.DataFrame:
    """Rank methods by their files; see benchmarks/taking_part.md for the columns.

    Parameters
    ----------
    folder
        As `bench` wrote it; gets ranking.csv.
    files
        CSV or Parquet, a method each.

    Returns
    -------
    DataFrame
        rank, method, share_error_largest, share_error_worst, share_error_mean, share_covered, share_width, skill,
        leavers_answered.

    Raises
    ------
    WhychurnError
        If a file cannot count: unknown members, missing worlds, chances that do not sum to one.

    Examples
    --------
    >>> import whychurn
    >>> ranking = whychurn.bench_score("bench", ["mine.csv"])  # doctest: +SKIP
    >>> ranking["method"].iloc[0]  # doctest: +SKIP
    'mine'
    """
    return score_submissions(Path(folder), [Path(file) for file in files])
