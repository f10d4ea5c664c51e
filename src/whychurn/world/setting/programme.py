"""What one simulated programme is: everything that its YAML says."""

from pathlib import Path
from typing import Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from whychurn.contract.yaml_files import read_yaml
from whychurn.world.setting.actions import Action, Aimed, Channel, Dogs, Fatigue, Referral, WaveTests, WinBack

_FOLDER: Final = Path(__file__).parent / "programmes"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Category(_Part):
    """A line of goods, classes or courses: share of members, typical price, defects an order."""

    share: float
    price: float
    defect: float


class Plan(_Part):
    """A membership plan; `days` is ignored where terms follow a calendar."""

    days: int
    price: float
    share: float
    auto_renew: float


class Season(_Part):
    """A term of the calendar, month and day of its first and last day."""

    name: str
    starts: tuple[int, int]
    ends: tuple[int, int]


class Rates(_Part):
    """Weekly rates of a typical member, and how members and months differ."""

    order: float
    order_spread: float
    visit: float
    service: float
    app_fault: float
    push: float
    greeting: float
    activity: float
    community: float
    points_spent: float
    coupon: float
    moved: float
    by_month: tuple[float, ...]


class Need(_Part):
    """How the need ends by itself: a child grows up, school is finished, a goal is reached."""

    kind: Literal["child", "graduation", "goal"]
    years: float
    spread: float
    share: float
    half_life: float


class Cause(_Part):
    """Weekly hazard of one cause: a base, and what one unit of each exposure adds."""

    base: float
    excess: dict[str, float]


class PriceRise(_Part):
    """A step of the programme's own prices, at a share of the window."""

    at: float
    size: float
    categories: list[str]


class Rival(_Part):
    """A rival that comes to a region for some weeks."""

    region: str
    at: float
    weeks: int
    activity: float
    price_cut: float


class Disruption(_Part):
    """Weeks in which something goes wrong on the programme's side, which multiplies a rate."""

    kind: Literal["defect", "response", "app_fault"]
    at: float
    weeks: int
    factor: float
    where: str | None


class Survey(_Part):
    """Exit surveys: when leavers are asked, who answers, and what is said for each true cause (row: true, column: stated)."""

    delay_days: tuple[int, int]
    at_cancelling: bool = False
    answering: dict[str, float]
    stated: dict[str, dict[str, float]]
    comment: float


class Interview(_Part):
    """Interviews of leavers drawn by lot: days after leaving, who answers, and how right names and codes are.

    `answering` and `accuracy` (the true cause is named) by true cause; `coded`: share of codes that are what was
    named; `twice`: share of answers that a second person codes.
    """

    after_days: tuple[int, int]
    answering: dict[str, float]
    accuracy: dict[str, float]
    coded: float
    twice: float


class Programme(_Part):
    """A simulated programme, as its YAML describes it."""

    name: str
    kind: Literal["inactivity", "terms", "seasons"]
    visit_event: Literal["visit", "checkin"]
    sells: bool = True
    regions: dict[str, float]
    categories: dict[str, Category]
    channels: dict[str, float]
    app_channels: list[str]
    ages: tuple[int, int, int]
    female: float
    joined_before: float
    history_weeks: int
    plans: dict[str, Plan]
    seasons: list[Season]
    purchase_price: float
    margin: float = 0.3
    rates: Rates
    discount: float
    discount_cut: float
    misprofiled: float
    neglected: float
    tempo_spread: float
    newcomer: float
    quiet: float
    quiet_weeks: float
    lapse_contact_weeks: int
    returning: float
    return_weeks: float
    need: Need
    causes: dict[str, Cause]
    half_life: dict[str, float]
    price_rises: list[PriceRise]
    rivals: list[Rival]
    troubles: list[Disruption]
    contact_channels: dict[str, Channel]
    actions: dict[str, Action]
    aimed: list[Aimed]
    tests: WaveTests
    fatigue: Fatigue
    dogs: Dogs
    winback: WinBack
    referral: Referral
    survey: Survey
    interview: Interview

    @property
    def use(self) -> Literal["orders", "visits"]:
        """What members come for, and what goes wrong: orders of a shop, visits elsewhere."""
        return "orders" if self.kind == "inactivity" and self.sells else "visits"

    def actions_for(self, whom: Literal["present", "left"]) -> list[str]:
        """Names of the actions for members still there, or for leavers, in the order of the YAML."""
        return [name for name, action in self.actions.items() if action.for_ == whom]


def load_programme(name: str) -> Programme:
    """Programme `name` (shop, gym, school, app) from its YAML."""
    return Programme.model_validate(read_yaml(_FOLDER / f"{name}.yaml") | {"name": name})


def with_duds(programme: Programme, number: int, rng: np.random.Generator) -> Programme:
    """The programme with `number` more actions that do nothing, drawn among those that act on a cause."""
    works = [name for name, action in programme.actions.items() if action.causes and not action.dud]
    drawn = {works[one] for one in rng.permutation(len(works))[:number]}
    actions = {
        name: action.model_copy(update={"causes": {}, "dud": True}) if action.dud or name in drawn else action
        for name, action in programme.actions.items()
    }
    return programme.model_copy(update={"actions": actions})
