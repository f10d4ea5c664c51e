"""Parts of `action` that need no world: weekly looks at a test of nothing, uneven arms, the choice under a budget."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import linprog
from scipy.stats import chi2

from whychurn.action.plan.dual import NOTHING, Candidates, Caps, choose
from whychurn.action.tests_by_lot.always import fixed_bound, sequence_bound

SEED = 41
TESTS, WEEKS, ARM, RATE = 2000, 52, 4000, 0.10
DRAWS, LOST, SRM_LEVEL = 400_000, 0.10, 0.001


def parts_table() -> pd.DataFrame:
    """One row a measure: measure, value, aim."""
    rows = [*false_alarms(), *uneven_arms(), *choice_against_lp(), *large_choice()]
    return pd.DataFrame(rows, columns=["measure", "value", "aim"])


def false_alarms() -> Iterator[tuple[str, float, str]]:
    """Tests of an action that does nothing, looked at weekly for a year: ever called different from nothing?"""
    rng = np.random.default_rng(SEED)
    size = 2 * ARM // WEEKS  # members drawn a week, half of them treated
    score = np.zeros((TESTS, WEEKS))
    for week in range(WEEKS):
        left = rng.random((TESTS, size)) < RATE
        treated = rng.random((TESTS, size)) < 0.5
        score[:, week] = (np.where(treated, 2.0, -2.0) * (left - RATE)).sum(axis=1)
    sums = np.abs(np.cumsum(score, axis=1))
    variance = 4 * RATE * (1 - RATE) * size * np.arange(1, WEEKS + 1)
    fixed, always = fixed_bound(variance), sequence_bound(variance, variance[-1])
    yield "false alarms, weekly looks for a year, usual interval", (sums > fixed).any(axis=1).mean(), "–"
    yield "false alarms, confidence sequence", (sums > always).any(axis=1).mean(), "≤ 5 %"


def uneven_arms() -> Iterator[tuple[str, float, str]]:
    """A tenth of one arm of 5 000 lost after the draw; 3 % of one of 50 000; nothing lost."""
    rng = np.random.default_rng(SEED)
    for members, lost in ((5_000, LOST), (50_000, 0.03), (5_000, 0.0)):
        treated = rng.binomial(2 * members, 0.5, DRAWS)
        seen = rng.binomial(treated, 1 - lost)
        held = 2 * members - treated
        both = (seen + held) / 2
        p = chi2.sf(((seen - both) ** 2 + (held - both) ** 2) / both, df=1)
        aim = "≥ 95 %" if lost else "≤ .1 %"
        yield f"arms of {members:,} with {lost:.0%} of one lost: mismatch found", (p < SRM_LEVEL).mean(), aim


def choice_against_lp() -> Iterator[tuple[str, float, str]]:
    """The choice under a budget and one capped channel beside the linear programme that bounds it."""
    net, cost, uses = _problem(20_000, 8)
    candidates = Candidates.of(net, cost, uses)
    caps = Caps(0.2 * float(np.median(cost)) * len(net), np.array([0.02 * len(net)]))
    found = choose(candidates, caps)
    who = np.flatnonzero(found.option != NOTHING)
    value = net[who, found.option[who]].sum()
    rows = np.arange(len(candidates.net))
    one = sparse.csr_matrix((np.ones(len(rows)), (candidates.member, rows)), shape=(len(net), len(rows)))
    shared = sparse.csr_matrix(np.vstack([candidates.cost, candidates.uses.T]))
    best = linprog(
        -candidates.net,
        A_ub=sparse.vstack([one, shared]),
        b_ub=np.concatenate([np.ones(len(net)), [caps.budget], caps.channels]),
        method="highs",
    )
    yield "choice under a budget, short of the linear programme", (-best.fun - value) / -best.fun, "≤ 1e-4"


def large_choice() -> Iterator[tuple[str, float, str]]:
    """The choice among 20 options for a million members: seconds of the processor, whatever else the machine does."""
    net, cost, uses = _problem(1_000_000, 20)
    caps = Caps(0.2 * float(np.median(cost)) * len(net), np.array([0.02 * len(net)]))
    before = time.process_time()
    choose(Candidates.of(net, cost, uses), caps)
    yield (
        "choice for 1 000 000 members, 20 options, seconds of the processor",
        time.process_time() - before,
        "≤ 30 s",
    )


def _problem(members: int, options: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Net gains and costs (members, options), and which option takes the capped channel (options, 1)."""
    rng = np.random.default_rng(SEED)
    cost = np.broadcast_to(rng.uniform(1, 60, options), (members, options)).copy()
    worth = rng.lognormal(2.0, 1.0, (members, 1)) * rng.lognormal(0, 0.8, (members, options))
    uses = (np.arange(options) % 4 == 0).astype("float64")[:, None]
    return worth - cost, cost, uses


if __name__ == "__main__":
    print(parts_table().to_string(index=False))
