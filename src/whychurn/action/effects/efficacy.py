"""Efficacies of actions on causes, and what they change for a member.

    P(left | member i, action a) = p_i (1 - sum_k q_ik theta_ak + kappa_a d_i)

with p the chance to leave untouched, q the mix of causes, d how much the member looks like somebody whom contact drives
away. The efficacy theta is the share of the cause's hazard that the action removes over the days of follow-up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from whychurn.action.effects.estimates.decay import Decay
from whychurn.action.effects.estimates.fit import Fit
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES

UNTESTED = "untested"


@dataclass(frozen=True)
class Effects:
    """Efficacies of A actions with R draws of them.

    Parameters
    ----------
    actions, causes
        Names in the order of the axes.
    theta, theta_draws
        Share of each cause's hazard that each action removes, a mean over the follow-up; (A, 6) and (R, A, 6).
    kappa, kappa_draws
        Harm of contact by unit of d; (A,) and (R, A).
    bayes_factor
        How many times the tests multiplied the odds that the action removes any leaving; 1 without a test; (A,).
    onset_weeks, half_life_weeks, half_life_known
        Weeks before an effect begins, weeks in which it halves, and whether tests told so (else it is assumed); (A,).
    tested
        Action -> shown, not_shown, harmful or untested.
    effect_days
        Days of follow-up.
    """

    actions: list[str]
    causes: list[str]
    theta: Array
    theta_draws: Array
    kappa: Array
    kappa_draws: Array
    bayes_factor: Array
    onset_weeks: Array
    half_life_weeks: Array
    half_life_known: Array
    tested: Mapping[str, str]
    effect_days: int = 90

    def change(self, p: Array, q: Array, d: Array, action: str) -> tuple[Array, Array]:
        """Change of the chance to leave within `effect_days` by one contact; below zero more members stay.

        Parameters
        ----------
        p, q, d
            Chance untouched, (n,); mix of causes, rows sum to one, (n, 6); standardised aversion to contact, (n,).

        Returns
        -------
        mean, draws
            (n,) and (R, n).

        Raises
        ------
        ValueError
            If there is no such action.
        """
        at = self.actions.index(action)
        mean = change_of_chance(p, q @ self.theta[at] - self.kappa[at] * d)
        removed = self.theta_draws[:, at] @ q.T - self.kappa_draws[:, at, None] * d
        return mean, change_of_chance(p, removed)


def fitted_effects(
    fit: Fit, courses: Sequence[Decay], tested: Mapping[str, str], effect_days: int
) -> Effects:
    """Efficacies of a fit with the course of each action's effect, in the order of its actions."""
    return Effects(
        actions=fit.actions,
        causes=list(CAUSES),
        theta=fit.theta,
        theta_draws=fit.theta_draws,
        kappa=fit.kappa,
        kappa_draws=fit.kappa_draws,
        bayes_factor=fit.bayes_factor,
        onset_weeks=np.array([one.onset_weeks for one in courses], dtype="float64"),
        half_life_weeks=np.array([one.half_life_weeks for one in courses], dtype="float64"),
        half_life_known=np.array([one.known for one in courses], dtype=bool),
        tested=tested,
        effect_days=effect_days,
    )


def change_of_chance(p: Array, removed: Array) -> Array:
    """Change of the chance `p` where a share `removed` of the hazard is gone; the chance stays within 0 and 1."""
    return np.clip(p * (1 - removed), 0, 1) - p
