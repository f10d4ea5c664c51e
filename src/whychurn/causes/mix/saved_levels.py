"""Reference levels as plain values that JSON holds, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from whychurn.causes.exposures.message_relevance import Campaigns
from whychurn.causes.exposures.preferred_category import CategoryMixture
from whychurn.causes.exposures.programme_reference_levels import ReferenceLevels


def levels_to_json(levels: ReferenceLevels) -> dict[str, Any]:
    """Plain values of `levels`."""
    mixture, campaigns = levels.category_mixture, levels.campaigns
    return {
        "activity_rate": levels.activity_rate,
        "event_types": sorted(levels.event_types),
        "coupon_use": levels.coupon_use,
        "discount_share": levels.discount_share,
        "activity_quantiles": levels.activity_quantiles.tolist(),
        "category_mixture": {
            "categories": list(mixture.categories),
            "class_weights": mixture.class_weights.tolist(),
            "preferred_share": mixture.preferred_share,
            "background_shares": mixture.background_shares.tolist(),
        },
        "campaigns": None
        if campaigns is None
        else {
            "categories": list(campaigns.categories),
            "subject": {str(name): int(value) for name, value in campaigns.subject.items()},
            "irrelevance": {str(name): float(value) for name, value in campaigns.irrelevance.items()},
            "balance": campaigns.balance.tolist(),
        },
    }


def levels_from_json(content: Mapping[str, Any]) -> ReferenceLevels:
    """The levels that `levels_to_json` wrote."""
    mixture, campaigns = content["category_mixture"], content["campaigns"]
    return ReferenceLevels(
        activity_rate=float(content["activity_rate"]),
        event_types=frozenset(content["event_types"]),
        coupon_use=float(content["coupon_use"]),
        discount_share=float(content["discount_share"]),
        campaigns=None
        if campaigns is None
        else Campaigns(
            _numbered(campaigns["categories"]),
            pd.Series(campaigns["subject"], dtype="int64"),
            pd.Series(campaigns["irrelevance"], dtype="float64"),
            np.array(campaigns["balance"]),
        ),
        category_mixture=CategoryMixture(
            _numbered(mixture["categories"]),
            np.array(mixture["class_weights"]),
            float(mixture["preferred_share"]),
            np.array(mixture["background_shares"]),
        ),
        activity_quantiles=np.array(content["activity_quantiles"]),
    )


def _numbered(names: list[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}
