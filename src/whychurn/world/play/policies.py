"""Plans to compare with: three that need no model, three from models, one that knows the truth."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.world.play.best_guess import best_guess
from whychurn.world.play.roster import Roster
from whychurn.world.play.true_gains import Options

SILENT_WEEKS: Final = (90 / 7, 52.0)  # of the rule: silent for 90 days, and not for more than a year
_STEPS: Final = 40


def reference_plans(
    names: Sequence[str], roster: Roster, options: Options, budget: float, seed: int
) -> dict[str, pd.DataFrame]:
    """Plans by name, each as `read_plan` gives one.

    blanket, random
        Members by lot: all get one action; each gets one by lot.
    rule
        Members silent for 90 days, the longest silence first, all get one action.
    highest_risk
        Members seen in the last 90 days, the highest guessed chance to leave first, all get one action.
    playbook
        The best option as the playbook believes in it, causes guessed from features, no test read.
    informed
        The best option by the best guess of its true gain from features of the decision day.
    clairvoyant
        The best option by its true gain; it knows all but the future.

    The one action of blanket, rule and highest_risk is that with the largest true gain for its cost: nobody could
    choose it better.

    Raises
    ------
    WhychurnError
        If a name is none of these.
    """
    unknown = [name for name in names if name not in POLICIES]
    if unknown:
        remedy = f"choose of none, {', '.join(POLICIES)}"
        raise WhychurnError(f"no plan {unknown[0]!r} to compare with", remedy=remedy)
    case = _Case(roster, options, budget, seed)
    return {name: POLICIES[name](case) for name in names}


class _Case:
    """What policies choose from; guesses are made once."""

    def __init__(self, roster: Roster, options: Options, budget: float, seed: int) -> None:
        self.roster, self.options, self.budget, self.seed = roster, options, budget, seed
        self._guesses: dict[str, np.ndarray] = {}

    @property
    def rng(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)

    @property
    def staying(self) -> np.ndarray:
        """Options for members present, of which a company that knows no better chooses one for all."""
        return np.flatnonzero(np.abs(self.options.believed).sum(axis=1) > 0)

    def guess(self, name: str, values: np.ndarray) -> np.ndarray:
        if name not in self._guesses:
            self._guesses[name] = best_guess(self.roster.features, values, self.seed)
        return self._guesses[name]

    def plan(self, who: np.ndarray, option: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "member_id": self.roster.ids[who],
                "action": np.array(self.options.actions, dtype=object)[option],
                "channel": np.array(self.options.channels, dtype=object)[self.options.channel[option, who]],
                "send_on": pd.Series(pd.NaT, index=range(len(who)), dtype="datetime64[ns]"),
            }
        )

    def one_action(self, who: np.ndarray) -> pd.DataFrame:
        """All get the best single action, in the order given, until the money is spent."""
        gain, cost = self.options.gain[self.staying], self.options.cost[self.staying]
        option = self.staying[best_single(gain, cost, self.roster.consent & self.roster.present)]
        who = who[self.roster.consent[who]]
        who = who[np.cumsum(self.options.cost[option, who]) <= self.budget]
        return self.plan(who, np.full(len(who), option))


def _seen(case: _Case) -> np.ndarray:
    """Members whom the company still takes for members: silent for less than a year."""
    return np.flatnonzero(case.roster.features["weeks_silent"].to_numpy() <= SILENT_WEEKS[1])


def _blanket(case: _Case) -> pd.DataFrame:
    return case.one_action(case.rng.permutation(_seen(case)))


def _random(case: _Case) -> pd.DataFrame:
    who = case.rng.permutation(_seen(case))
    who = who[case.roster.consent[who]]
    option = case.rng.choice(case.staying, len(who))
    spent = np.cumsum(case.options.cost[option, who]) <= case.budget
    return case.plan(who[spent], option[spent])


def _rule(case: _Case) -> pd.DataFrame:
    silent = case.roster.features["weeks_silent"].to_numpy()
    who = np.flatnonzero((silent >= SILENT_WEEKS[0]) & (silent <= SILENT_WEEKS[1]))
    return case.one_action(who[np.argsort(-silent[who], kind="stable")])


def _highest_risk(case: _Case) -> pd.DataFrame:
    risk = case.guess("risk", case.options.risk[None])[0]
    who = np.flatnonzero(case.roster.features["weeks_silent"].to_numpy() < SILENT_WEEKS[0])
    return case.one_action(who[np.argsort(-risk[who], kind="stable")])


def _playbook(case: _Case) -> pd.DataFrame:
    gain = case.guess("believed", case.options.believed)
    return case.plan(*choose(gain, case.options.cost, case.roster.consent, case.budget))


def _informed(case: _Case) -> pd.DataFrame:
    gain = case.guess("gain", case.options.gain)
    return case.plan(*choose(gain, case.options.cost, case.roster.consent, case.budget))


def _clairvoyant(case: _Case) -> pd.DataFrame:
    return case.plan(*choose(case.options.gain, case.options.cost, case.roster.consent, case.budget))


POLICIES: Final[dict[str, Callable[[_Case], pd.DataFrame]]] = {
    "blanket": _blanket,
    "random": _random,
    "rule": _rule,
    "highest_risk": _highest_risk,
    "playbook": _playbook,
    "informed": _informed,
    "clairvoyant": _clairvoyant,
}


def choose(
    gain: np.ndarray, cost: np.ndarray, allowed: np.ndarray, budget: float
) -> tuple[np.ndarray, np.ndarray]:
    """At most one option a member, so that the gain after cost is largest within the budget.

    A price on money is found by bisection (Lagrangian dual of a multiple-choice knapsack); each member takes the best
    option at that price.

    Parameters
    ----------
    gain, cost
        Of each option for each member; (options, N).
    allowed
        Whether a member may be contacted; (N,) bool.
    budget
        Currency.

    Returns
    -------
    who, option
        Members chosen, those that bring most for their cost first, and what they get; two of (m,).
    """
    gain = np.where(allowed, gain, -np.inf)

    def taken(price: float) -> tuple[np.ndarray, np.ndarray]:
        net = gain - (1 + price) * cost
        option = np.argmax(net, axis=0)
        who = np.flatnonzero(net[option, np.arange(net.shape[1])] > 0)
        return who, option[who]

    who, option = taken(0.0)
    if cost[option, who].sum() > budget:
        low, high = 0.0, float((gain[:, allowed] / cost[:, allowed]).max(initial=1.0))
        for _ in range(_STEPS):
            price = (low + high) / 2
            who, option = taken(price)
            low, high = (price, high) if cost[option, who].sum() > budget else (low, price)
        who, option = taken(low)  # a little over the budget: the last rows are dropped when it is spent
    worth = gain[option, who] / cost[option, who]
    order = np.argsort(-worth, kind="stable")
    return who[order], option[order]


def best_single(gain: np.ndarray, cost: np.ndarray, allowed: np.ndarray) -> int:
    """The one option that brings most for its cost if everybody allowed gets it."""
    return int(np.argmax(gain[:, allowed].mean(axis=1) / cost[:, allowed].mean(axis=1)))
