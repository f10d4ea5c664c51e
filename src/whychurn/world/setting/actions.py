"""What a programme can do for its members, what that changes, and how it is tested: blocks of its YAML."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Channel(_Part):
    """A way to members.

    Parameters
    ----------
    reach
        Chance that a member who has the channel takes notice of a contact.
    cost
        Of one contact, in the programme's currency.
    a_week
        Contacts that can be made in a week, as a share of members; null: as many as wanted.
    has
        Share of members who have the channel, beyond those who joined through it.
    """

    reach: float
    cost: float
    a_week: float | None = None
    has: float = 1.0


class Wake(_Part):
    """A contact that reminds members of leaving: whom, the factor on all hazards, for how many weeks."""

    who: Literal["hardly_uses", "dogs", "all"]
    factor: float
    weeks: int


class Action(_Part):
    """Something done for one member.

    Parameters
    ----------
    causes
        Efficacy by cause: share of the cause's hazard removed at first, in a member of ordinary response.
    wakes
        Whom the contact reminds of leaving.
    onset_weeks, half_life_weeks
        Weeks before it acts, and after which the effect has halved.
    channels
        Ways in which it can be brought, the usual one first.
    cost
        Of the offer, beside that of the channel.
    for_
        Whether it is for members still there or for leavers; key ``for``.
    arm
        Size of its arm in a test, relative to the others.
    dud
        It does nothing, whatever is believed.
    """

    causes: dict[str, float] = {}
    wakes: Wake | None = None
    onset_weeks: float = 0.0
    half_life_weeks: float = 12.0
    channels: list[str]
    cost: float
    for_: Literal["present", "left"] = Field(default="present", alias="for")
    arm: float = 1.0
    dud: bool = False


class WinBack(_Part):
    """How leavers come back: chance a week and how it fades, tempo of the second life, log-odds by cause of leaving."""

    base_a_week: float
    half_life_weeks: float
    second_tempo: float
    actions: dict[str, dict[str, float]] = {}


class Referral(_Part):
    """Members who bring members: chance a week, and when asked; content is who has a total hazard below `content_below`.

    `content_below` is a share of the median weekly hazard of members present; `by` is the action that asks, if any.
    """

    a_week: float
    invited: float
    content_below: float
    by: str | None = None


class Fatigue(_Part):
    """Many contacts: memory of them, share of the reach that each recent one takes, what it adds to all hazards."""

    half_life_weeks: float
    reach: float
    annoys: float


class Dogs(_Part):
    """Sleeping dogs (Radcliffe 2007): share of members whom any contact makes likelier to leave, factor, weeks."""

    share: float
    factor: float
    weeks: int


class WaveTests(_Part):
    """Randomised tests in waves with one shared control.

    Parameters
    ----------
    every_weeks
        Weeks between waves.
    weeks
        Weeks over which a wave is drawn, and one on leavers, an equal part each week; at most the weeks between waves.
    from_, until
        First and last wave as a share of the window (the last ends earlier where follow-up would be cut).
    share
        Share of the members present who are in a wave.
    control
        Chance of those to be held out; the actions share the rest by the size of their arms.
    winback_every_weeks
        Weeks between tests on leavers.
    """

    every_weeks: int
    weeks: int
    from_: float = Field(alias="from")
    until: float
    share: float
    control: float
    winback_every_weeks: int


class Aimed(_Part):
    """A campaign without lot: `share` of those whom the company picks gets the action at one time.

    silent
        Members with few orders or visits.
    best
        Members with most of them.
    rivals
        Members in regions where a rival is active.
    """

    action: str
    who: Literal["silent", "best", "rivals"]
    at: float
    share: float
