"""The free numbers of each action: one over its matched causes, one over the others, more where much was tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.action.effects.estimates.randomised_rows import RandomisedRows
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES

OWN_FROM: Final = (
    300.0  # expected leavings of an action by one cause from which on the cause gets its own number
)
DEFAULT_BELIEF: Final = 0.35  # share of a matched cause's hazard removed, where no playbook says


@dataclass(frozen=True)
class Believed:
    """What is believed of an action before any test.

    Parameters
    ----------
    matched
        Causes that it is meant to act on; none: it may act on all alike, either way.
    belief
        Share of their hazard that it removes if it works at all.
    """

    matched: tuple[str, ...] = ()
    belief: float = DEFAULT_BELIEF

    @property
    def flags(self) -> Array:
        """1 of the matched causes; (6,)."""
        return np.array([float(cause in self.matched) for cause in CAUSES])


@dataclass(frozen=True)
class Basis:
    """Free numbers of all tested actions; arrays in one order.

    Parameters
    ----------
    action
        Number of the action; (J,).
    causes
        Which causes each number acts on; all zero for kappa; (J, 6).
    kind
        matched, unmatched (of an action without matched causes), other, own, kappa; (J,).
    belief
        Belief of the matched numbers, zero of others; (J,).
    """

    action: Array
    causes: Array
    kind: Array
    belief: Array

    @property
    def size(self) -> int:
        """Number of free numbers."""
        return len(self.action)

    def of(self, action: int) -> Array:
        """Positions of the numbers of one action, kappa last."""
        return np.flatnonzero(self.action == action)

    def theta(self, values: Array, actions: int) -> Array:
        """Efficacies from free numbers (…, J); (…, A, 6)."""
        spread = np.eye(actions)[self.action][:, :, None] * self.causes[:, None, :]
        return np.einsum("...j,jak->...ak", values, spread)

    def kappa(self, values: Array) -> Array:
        """Harm of contact from free numbers (…, J); (…, A)."""
        return values[..., self.kind == "kappa"]

    def features(self, action: int, rows: RandomisedRows) -> Array:
        """What one unit of each number of `action` takes off the chance to leave; (n, numbers)."""
        at = self.of(action)
        x = rows.p[:, None] * (rows.q @ self.causes[at].T)
        x[:, self.kind[at] == "kappa"] = -(rows.p * rows.d)[:, None]
        return x


def build_basis(rows: RandomisedRows, believed: Mapping[str, Believed]) -> Basis:
    """Free numbers of the actions in `rows`."""
    parts: list[tuple[int, Array, str, float]] = []
    for number, name in enumerate(rows.actions):
        prior = believed.get(name, Believed())
        mine = rows.action == number
        expected = rows.weight[mine] * rows.p[mine] @ rows.q[mine]
        parts += [(number, *part) for part in _of_action(prior, expected)]
    return Basis(
        action=np.array([part[0] for part in parts], dtype="int64"),
        causes=np.stack([part[1] for part in parts]) if parts else np.zeros((0, len(CAUSES))),
        kind=np.array([part[2] for part in parts], dtype=object),
        belief=np.array([part[3] for part in parts]),
    )


def _of_action(prior: Believed, expected: Array) -> Sequence[tuple[Array, str, float]]:
    flags, none = prior.flags, np.zeros(len(CAUSES))
    own = [(one, "own", 0.0) for one in np.eye(len(CAUSES))[expected >= OWN_FROM]]
    if not flags.any():
        return [(np.ones(len(CAUSES)), "unmatched", 0.0), *own, (none, "kappa", 0.0)]
    others = [(1 - flags, "other", 0.0)] if not flags.all() else []
    if flags.sum() == 1:  # the matched number is that cause's own
        own = [part for part in own if not part[0] @ flags]
    return [(flags, "matched", prior.belief), *others, *own, (none, "kappa", 0.0)]
