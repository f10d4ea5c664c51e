"""What the members of a block bring in one future, whatever is done with them: margin of first and second lives."""

from dataclasses import dataclass

import numpy as np

from whychurn.world.futures.future import Future
from whychurn.world.futures.second_lives import return_chances, second_life_values, value_after_leaving
from whychurn.world.futures.standing import Standing
from whychurn.world.futures.stays import Terms, share_present, terms_of
from whychurn.world.lives.members import Members
from whychurn.world.lives.returning.referral import content_members
from whychurn.world.setting.hazard_mechanism import combine


@dataclass(frozen=True)
class Prospects:
    """All that the value of a block's members hangs on in one future; F weeks, n members.

    Parameters
    ----------
    future, standing, terms
        Hazards and margins, who is where, when decisions take effect.
    by_cause, untouched
        Weekly hazard of a first life by cause, (causes, F, n), and of each member's present life, (F, n), both without
        any new action.
    worth
        What one more chance to be present in a week brings: its margin, less what a second life would have
        brought from then on; (F, n).
    at_once
        Value of who would leave at once; (n,).
    second
        Value of a second life that begins in each week; (F + 1, n).
    content
        Whether a member brings others when asked; (n,) bool.
    newcomer
        What a member who is brought by another brings in the future, on average; currency.
    """

    future: Future
    standing: Standing
    terms: Terms
    by_cause: np.ndarray
    untouched: np.ndarray
    worth: np.ndarray
    at_once: np.ndarray
    second: np.ndarray
    content: np.ndarray
    newcomer: float

    def hazard(self, who: np.ndarray, factors: np.ndarray) -> np.ndarray:
        """Weekly hazard of members `who` (m,) under `factors` on base and excess, (causes, F, m); (F, m)."""
        future, mechanism = self.future, self.future.scenario.mechanism
        if mechanism.together == "adding":
            return np.einsum("cwm,cwm->wm", self.by_cause[:, :, who], factors) * self.standing.tempo[who]
        base, excess = future.base[:, :, who] * factors, future.excess[:, :, who] * factors
        return combine(base, excess, mechanism).sum(axis=0) * self.standing.tempo[who]

    def stay(self, hazard: np.ndarray, who: np.ndarray) -> np.ndarray:
        """Chance of members `who` to be on the books in the last week; (m,)."""
        return share_present(hazard, self.terms.of(who))[-1]

    def value(self, hazard: np.ndarray, who: np.ndarray) -> np.ndarray:
        """Expected margin of members `who` (m,) with weekly hazards (F, m), gone ones not counted; (m,)."""
        share = share_present(hazard, self.terms.of(who))
        return self.at_once[who] + np.einsum("wm,wm->m", share, self.worth[:, who])

    def value_of_returns(self, who: np.ndarray, extra: np.ndarray | None = None) -> np.ndarray:
        """Expected margin of second lives of members `who` (m,) who are gone.

        Parameters
        ----------
        extra
            Weekly hazard of coming back that an action adds; (F, m).
        """
        chance = self.return_by_week(who, extra)
        return np.einsum("wm,wm->m", chance, self.second[:-1, who])

    def return_by_week(self, who: np.ndarray, extra: np.ndarray | None = None) -> np.ndarray:
        """Chance that members `who`, who are gone, come back in each week; (F, m)."""
        since = (7 * self.future.first - self.standing.gone_on[who]) / 7
        programme = self.future.scenario.programme
        chance = return_chances(programme, since, self.future.weeks)
        chance[:, self.standing.second[who]] = 0
        if extra is None:
            return chance
        away = 1 - np.cumsum(chance, axis=0)
        away *= np.exp(-np.cumsum(extra, axis=0, dtype="float64"))
        return -np.diff(away, axis=0, prepend=np.ones((1, len(who))))


def prospects(future: Future, members: Members, standing: Standing) -> Prospects:
    """What waits for the members of a block in `future`."""
    scenario = future.scenario
    by_cause = combine(future.base, future.excess, scenario.mechanism)
    hazard = by_cause.sum(axis=0)
    second = second_life_values(future, members, hazard, scenario.programme.winback.second_tempo)
    after = value_after_leaving(scenario.programme, second)
    after[:, standing.second] = 0
    terms, worth = terms_of(future, members, standing), future.margin - after[:-1] + after[1:]
    there = np.flatnonzero(standing.present)
    share = share_present(hazard[:, there], terms.of(there))
    return Prospects(
        future=future,
        standing=standing,
        terms=terms,
        by_cause=by_cause,
        untouched=hazard * standing.tempo,
        worth=worth,
        at_once=after[0],
        second=second,
        content=content_members(scenario, hazard[0]),
        newcomer=float(np.mean((share * future.margin[:, there]).sum(axis=0))) if len(there) else 0.0,
    )
