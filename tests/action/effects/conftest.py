"""Randomised touches with planted efficacies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.action.effects.estimates.basis import Believed
from whychurn.contract.causes import CAUSES

# action -> causes that it is meant for, and what it does to each of the six
PLANTED: dict[str, tuple[tuple[str, ...], dict[str, float]]] = {
    "coupon": (("price",), {"price": 0.5, "competition": 0.15}),
    "price_match": (("competition",), {"competition": 0.7}),
    "service_callback": (("product_service",), {"product_service": 0.6}),
    "personal_picks": (("personalization",), {}),  # dud
    "community_invite": (("engagement",), {}),  # dud
    "mass_mail": ((), dict.fromkeys(CAUSES, -0.25)),  # drives members away
}


def theta_of(action: str) -> np.ndarray:
    return np.array([PLANTED[action][1].get(cause, 0.0) for cause in CAUSES])


def planted_rows(
    seed: int,
    members: int = 12_000,
    waves: int = 8,
    kappa: float = 0.0,
    flat: bool = False,
    duds_only: bool = False,
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Rows as tests by lot leave them, and p, q, d of each.

    `flat`: all members have the same mix of causes; `duds_only`: no action does anything.
    """
    rng = np.random.default_rng(seed)
    names = [*PLANTED, "control"]
    chances = np.array([0.7 / len(PLANTED)] * len(PLANTED) + [0.3])
    parts = []
    for wave in range(waves):
        who = np.sort(rng.choice(members, int(0.35 * members), replace=False))
        arm = rng.choice(len(names), len(who), p=chances)
        parts.append(pd.DataFrame({"number": who, "arm": arm, "wave": wave}))
    rows = pd.concat(parts, ignore_index=True)
    q = rng.dirichlet([0.5] * 6, members)[rows["number"]]
    if flat:
        q = np.full((len(rows), 6), 1 / 6)
    p = np.clip(rng.beta(2, 12, members)[rows["number"]], 0.005, 0.9)
    d = rng.standard_normal(members)[rows["number"]]
    theta = np.stack([theta_of(name) * (not duds_only) for name in PLANTED] + [np.zeros(6)])
    harm = np.where(rows["arm"] < len(PLANTED), kappa, 0.0)
    chance = np.clip(p * (1 - (q * theta[rows["arm"]]).sum(axis=1) + harm * d), 0, 1)
    rows = rows.assign(
        member_id=[f"m{number:06d}" for number in rows["number"]],
        campaign_id=[f"test-{wave:02d}" for wave in rows["wave"]],
        sent_on=pd.Timestamp("2024-01-01") + pd.to_timedelta(28 * rows["wave"], unit="D"),
        action=np.array(names, dtype=object)[rows["arm"]],
        randomized=True,
        propensity=chances[rows["arm"]],
        stratum="all",
        left=(rng.random(len(rows)) < chance).astype("float64"),
        cost=1.0,
    )
    return rows, p, q, d


@pytest.fixture(scope="session")
def planted() -> Callable[..., Any]:
    return planted_rows


@pytest.fixture(scope="session")
def believed() -> dict[str, Believed]:
    return {name: Believed(causes, 0.35) for name, (causes, _) in PLANTED.items()} | {
        "call": Believed(("natural",), 0.2)
    }


@pytest.fixture
def truth() -> Callable[[str], np.ndarray]:
    return theta_of
