"""Groups of members at high risk whose scores rest on the same families of features."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans

from whychurn.contract.params import Params
from whychurn.contract.results import columns_of
from whychurn.labels import LANGUAGES, family_name, join
from whychurn.panel.feature_encoding import Feature
from whychurn.stats.high_risk import high_risk_from


def cluster_members(
    scores: pd.DataFrame,
    contributions: Callable[[np.ndarray], np.ndarray],
    features: list[Feature],
    params: Params,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """k-means on the contributions of the members at high risk.

    Parameters
    ----------
    scores
        member_id, p_churn, value_at_risk of the scored members.
    contributions
        Exact contributions, rows × features (log-odds), of the members in a mask of them.

    Returns
    -------
    risk_archetypes (one row per group, named by its two strongest families) and risk_archetype_members
    (member_id, archetype). Both empty where fewer members than groups are at high risk.
    """
    chances = scores["p_churn"].to_numpy("float64")
    high = chances >= high_risk_from(chances, params.business.high_risk)
    wanted = min(params.risk.archetypes, int(high.sum()) // 10)
    if wanted < 1:
        groups, members = columns_of("risk_archetypes"), columns_of("risk_archetype_members")
        return pd.DataFrame(columns=groups), pd.DataFrame(columns=members)
    vectors = contributions(high)
    clusters = KMeans(n_clusters=wanted, n_init=4, random_state=params.run.seed).fit_predict(vectors)
    sizes = pd.Series(clusters).value_counts()
    number = pd.Series(clusters).map({old: new for new, old in enumerate(sizes.index, start=1)}).to_numpy()
    chosen = scores[high].assign(archetype=number)
    typical = vectors.mean(axis=0)
    lines = [
        _describe(
            chosen[number == one], vectors[number == one].mean(axis=0), typical, features, one, len(chosen)
        )
        for one in range(1, len(sizes) + 1)
    ]
    return pd.DataFrame(lines), chosen[["member_id", "archetype"]].reset_index(drop=True)


def _describe(
    members: pd.DataFrame,
    mean: np.ndarray,
    typical: np.ndarray,
    features: list[Feature],
    number: int,
    total: int,
) -> dict[str, object]:
    families = _by_family(mean, features)
    ahead = _by_family(mean - typical, features)  # what sets this group apart from the other groups
    leading = str(families.idxmax())
    apart = str(ahead.drop(leading).idxmax()) if len(ahead) > 1 else leading
    named = list(dict.fromkeys([leading, apart]))
    top = np.argsort(-(mean + np.clip(mean - typical, 0, None)))[:3]
    line: dict[str, object] = {
        "archetype": number,
        "members": len(members),
        "share": len(members) / total,
        "p_churn_mean": float(members["p_churn"].mean()),
        "value_at_risk": float(members["value_at_risk"].sum(min_count=1)),
        "families": ", ".join(named),
        "features": ", ".join(features[i].name for i in top),
    }
    for lang in LANGUAGES:
        joint = "、" if lang == "zh" else " + "
        line[f"name_{lang}"] = joint.join(family_name(family, lang) for family in named)
        line[f"features_{lang}"] = join((features[i].label(lang) for i in top), lang, "；")
    return line


def _by_family(mean: np.ndarray, features: list[Feature]) -> pd.Series:
    return pd.Series(mean, index=[feature.family for feature in features]).groupby(level=0).sum()
