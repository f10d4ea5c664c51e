"""What keeps members: money and caps of contacts, tests, warnings."""

from typing import Literal

from pydantic import Field

from whychurn.contract.causes import CAUSES
from whychurn.contract.params.section_base import Count, Days, Fraction, Level, Money, Natural, Section, Share

TRIGGERS = (
    "silent_90d", "silent_3x_own_gap", "no_second_order_45d", "renewal_in_30d", "price_rise_5pct",
    "unresolved_ticket_48h", "points_expire_30d", "rival_opened", "opted_out",
)  # fmt: skip


class OwnChannel(Section):
    """A channel as this programme has it."""

    needs: str | None = None
    """Column of members, a flag: without it nobody is reached there; null: has_<channel> where members has it."""
    a_week: Count | None = None
    """Contacts a week that people or systems can manage; null: no limit."""


class OwnAction(Section):
    """An action of this programme: adds to the playbook, or overrides its entry of the same name."""

    causes: list[Literal[CAUSES]] = []  # type: ignore[valid-type]
    """Causes that it is meant to act on; none: it enters the plan only when a test has shown it."""
    for_: Literal["present", "left"] = Field(default="present", alias="for")
    """Members who are still there, or those who have left."""
    channels: dict[str, Money] = {}
    """Cost of one contact, by channel."""
    cost: Money = 0.0
    """Cost of the offer itself, paid for all who take it."""
    belief: Share | None = None
    """Believed share of the causes' hazard that it removes; null: as the playbook's entries do on average."""


class Contacts(Section):
    """How often a member may be contacted."""

    member_4_weeks: Natural = 2
    """Contacts of a member within four weeks, at most."""
    call: Natural | None = None
    """Calls a week that staff can make; null: no limit."""


class Warnings(Section):
    """Early warning: how many alerts staff can work through, and which triggers fire them."""

    capacity_a_week: Fraction = 0.01
    """Share of the members still there that staff can look at in a week."""
    min_lead_days: Days = 14
    """An alert is of use if it comes so many days before leaving."""
    quiet_days: Days = 30
    """No second alert of one member within so many days."""
    triggers: list[Literal[TRIGGERS]] = list(TRIGGERS)  # type: ignore[valid-type]
    """Rules that fire an alert."""


class ActionParams(Section):
    """What keeps members: money and caps of contacts, tests, early warning, win-back."""

    seed: Natural = 7
    """Of hold-out, exploration and resamples."""
    budget: Money | None = None
    """Currency for the next 4 weeks; null: 1 % of the margin of the members still there in 4 weeks."""
    value_days: Days = 365
    """Horizon over which a gain counts."""
    effect_days: Days = 90
    """Follow-up of a touch: left within so many days."""
    holdout_share: Share = 0.10
    """Members who are never contacted, so that the plan itself can be read out."""
    explore_share: Share = 0.10
    """Share of the budget for actions drawn by lot where their effect is uncertain."""
    evidence_needed: Literal["any", "tested"] = "any"
    """tested: the plan uses only actions with a randomised test; any: belief may choose too, and is marked."""
    contacts: Contacts = Contacts()
    """How often a member may be contacted."""
    channels: dict[str, OwnChannel] = {}
    """Channels of this programme: app: {needs: has_app, a_week: 500}."""
    actions: dict[str, OwnAction] = {}
    """Own actions: service_recovery: {causes: [product_service], channels: {wechat: 6.1, call: 12.0}}."""
    washout_days: Days = 60
    """A touch younger than this is still felt when the next one is drawn."""
    min_leavers: Count = 30
    """Leavers in each arm; with fewer, a test is read out but teaches no efficacy of its own."""
    resamples: Count = 24
    """Resamples of members for intervals of effects."""
    false_discovery: Level = 0.05
    """Benjamini-Hochberg level over actions and outcomes."""
    warnings: Warnings = Warnings()
    """Early warning."""
    acquisition_cost: Money | None = None
    """Cost of a new member, shown as a comparison and never counted as a gain."""
