"""From weekly counts to single rows with a day, on days when the member was there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whychurn.world.lives.exposure import Path
from whychurn.world.lives.life import Life
from whychurn.world.lives.members import Members
from whychurn.world.setting.clock import Clock
from whychurn.world.setting.programme import Programme


@dataclass(frozen=True)
class Presence:
    """When members act and when the company still writes to them.

    Parameters
    ----------
    acting
        Share of own acts that remain in each week: 0 when away, 1 in ordinary times, less before leaving; (weeks, n).
    contact
        Whether the company writes to the member; (weeks, n).
    life
        The lives behind them.
    entry
        First day in the window; (n,).
    """

    acting: np.ndarray
    contact: np.ndarray
    life: Life
    entry: np.ndarray

    def here(self, who: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Whether each member `who` was a member in fact on each `day`."""
        life = self.life
        first = (day >= self.entry[who]) & (day <= life.left[who])
        return first | ((day >= life.returned[who]) & (day <= life.left_again[who]))


@dataclass(frozen=True)
class Population:
    """The members of a block, the programme that they are in, what happens to them, and when they are there."""

    programme: Programme
    clock: Clock
    members: Members
    path: Path
    there: Presence


def presence(programme: Programme, clock: Clock, members: Members, life: Life) -> Presence:
    """Members go quiet before they leave; messages go on for a while after."""
    week = np.arange(clock.weeks, dtype="float32")[:, None]
    acting = np.zeros((clock.weeks, members.size), dtype="float32")
    contact = np.zeros(acting.shape, dtype=bool)
    lives = ((members.entry, life.decided, life.left), (life.returned, life.decided_again, life.left_again))
    for since, decided, left in lives:
        there = (week >= since // 7) & (week <= left // 7)
        ahead = np.maximum(decided // 7 - week, 0)
        share = 1 - programme.quiet * np.exp(-np.minimum(ahead, 200) / programme.quiet_weeks)
        acting = np.where(there, share, acting)
        contact |= (week >= since // 7) & (week <= left // 7 + programme.lapse_contact_weeks)
    return Presence(acting.astype("float32"), contact, life, members.entry)


def expand(
    count: np.ndarray, clock: Clock, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Week, member and day of each single occurrence; `count` is (weeks, n)."""
    cells = np.flatnonzero(count > 0)
    cells = np.repeat(cells, count.ravel()[cells])
    week, who = np.divmod(cells, count.shape[1])
    days = np.minimum(clock.days - 7 * week, 7)
    return week, who, 7 * week + np.floor(rng.random(len(week)) * days).astype("int64")


def own_acts(
    count: np.ndarray, people: Population, rng: np.random.Generator, fades: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Occurrences that are a member's own: only while there, and fewer before leaving if it `fades`."""
    there = people.there
    week, who, day = expand(np.where(there.acting > 0, count, 0), people.clock, rng)
    kept = there.here(who, day)
    if fades:
        kept &= rng.random(len(who)) < there.acting[week, who]
    return week[kept], who[kept], day[kept]


def contacts(
    count: np.ndarray, people: Population, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Occurrences that come from the company, which learns late that somebody has left."""
    week, who, day = expand(np.where(people.there.contact, count, 0), people.clock, rng)
    kept = day >= people.there.entry[who]
    return week[kept], who[kept], day[kept]
