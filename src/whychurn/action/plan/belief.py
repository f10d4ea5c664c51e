"""Effects as the playbook believes them, where no test tells of an action, or for comparison with the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from whychurn.action.effects.efficacy import UNTESTED, Effects, fitted_effects
from whychurn.action.effects.estimates.basis import Believed
from whychurn.action.effects.estimates.decay import believed_decay
from whychurn.action.effects.estimates.fit import believed_only
from whychurn.action.playbook.read import Entry
from whychurn.contract.params.action import ActionParams


def believed_effects(
    entries: Sequence[Entry], actions: Sequence[str], params: ActionParams, draws: int | None = None
) -> Effects:
    """Effects of `actions` before any test; those without an entry may act on all causes alike, either way.

    Parameters
    ----------
    draws
        Number of draws; None: ``action.resamples``.
    """
    known = {one.action: one for one in entries}
    beliefs = {
        name: Believed(known[name].causes, known[name].belief) if name in known else Believed()
        for name in sorted(set(actions))
    }
    found = believed_only(beliefs, params.resamples if draws is None else draws, params.seed)
    courses = [believed_decay(known, name) for name in found.actions]
    return fitted_effects(found, courses, dict.fromkeys(found.actions, UNTESTED), params.effect_days)


def beside(found: Effects, other: Effects) -> Effects:
    """Effects of the actions of both, which have none in common."""
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(found, name), getattr(other, name)], axis=axis)
        for name, axis in _AXES.items()
    }
    return replace(
        found,
        actions=[*found.actions, *other.actions],
        tested={**found.tested, **other.tested},
        **joined,
    )


_AXES: Final = {
    "theta": 0, "theta_draws": 1, "kappa": 0, "kappa_draws": 1, "bayes_factor": 0, "onset_weeks": 0,
    "half_life_weeks": 0, "half_life_known": 0,
}  # fmt: skip
