"""What one mechanism of leaving is: everything that its YAML says beside the programme."""

from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from whychurn.contract.errors import WhychurnError
from whychurn.contract.yaml_files import read_yaml

_FOLDER: Final = Path(__file__).parent / "mechanisms"
Half = Literal["development", "test"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Memory(_Part):
    """How long a dose lasts: it fades by half-lives (times `factor`), counts for `weeks`, or never goes."""

    kind: Literal["fading", "last_weeks", "adding_up"] = "fading"
    factor: float = 1.0
    weeks: int = 4


class Silence(_Part):
    """Weeks without contact: harmless up to `from_week`, then more and more for `grows_weeks`."""

    from_week: float = 10.0
    grows_weeks: float = 24.0


class ActivityDrop(_Part):
    """After an incident a member is less active by `part`, which wears off with an e-fold of `weeks`."""

    part: float
    weeks: float


class Asking(_Part):
    """Exit surveys: when leavers are asked, who answers, and what those say who do not tell the truth.

    How readily leavers of a cause answer is drawn by seed from `answering`, relative to all.
    P(says s | left from k) = tau_k [s = k] + (1 - tau_k) instead_s, with tau_k drawn by seed from `truthful`.
    """

    at_cancelling: bool = False
    delay_days: tuple[int, int] | None = None
    answering: tuple[float, float] = (0.5, 1.5)
    truthful: tuple[float, float]
    instead: dict[str, float]


class Texts(_Part):
    """Share of texts that are about something else, and that speak of a second thing too."""

    unrelated: float = 0.12
    mixed: float = 0.18


class Mechanism(_Part):
    """How doses become hazards, how hazards meet, and what of it is said and recorded.

    Parameters
    ----------
    about
        What it is, in a sentence.
    half
        Whether methods may be tuned on it (development) or are only scored on it (test).
    memory, shape, silence
        How a dose lasts, what it adds to the hazard, and from when silence is a dose.
    together, interactions, interaction_factor
        How the causes meet; `interactions` names for a cause the one that makes members more sensitive to it, and
        `interaction_factor` how many times more its excess becomes at most.
    totals, excess_part, leaving
        Concentration of the Dirichlet law of the causes' expected leavings; ranges of the part of a cause
        that its exposures add, and of the share of members who leave in two years, both drawn by seed.
        Without `totals` the programme's own numbers hold.
    sensitivity
        By cause, sd of the log of a hidden factor on its excess; one trait of a member moves them all.
    activity_drop, asking, texts
        What troubles do to activity; what is said in exit surveys and texts.
    inert
        Causes that do nothing: neither base nor excess, though their traces are recorded.
    base_parts
        Parts of the base hazard that causes have; the others share the rest.
    seventh, swapped
        A cause outside the six; two causes with each other's traces in the first region.
    unrecorded, event_names, bare
        Records that are missing; foreign names of event types; nothing but ids, days and amounts.
    """

    about: str
    half: Half
    memory: Memory = Memory()
    shape: Literal["linear", "step", "saturating", "steep"] = "linear"
    silence: Silence = Silence()
    together: Literal["adding", "interacting", "multiplying"] = "adding"
    interactions: dict[str, str] = {}
    interaction_factor: float = 0.0
    totals: float | None = None
    excess_part: tuple[float, float] = (0.5, 0.85)
    leaving: tuple[float, float] = (0.34, 0.44)
    sensitivity: dict[str, float] = {}
    activity_drop: ActivityDrop | None = None
    asking: Asking | None = None
    texts: Texts = Texts()
    inert: tuple[str, ...] = ()
    base_parts: dict[str, float] = {}
    seventh: bool = False
    swapped: bool = False
    unrecorded: tuple[Literal["moves", "greetings", "points", "campaign_ids"], ...] = ()
    event_names: dict[str, str] = {}
    bare: bool = False


def mechanism_names(half: Half | None = None) -> list[str]:
    """Names of all mechanisms, or of one half, in order of the alphabet."""
    names = sorted(path.stem for path in _FOLDER.glob("*.yaml"))
    return [name for name in names if half is None or load_mechanism(name).half == half]


def load_mechanism(name: str) -> Mechanism:
    """Mechanism `name` from its YAML.

    Raises
    ------
    WhychurnError
        If there is none of that name.
    """
    path = _FOLDER / f"{name}.yaml"
    if not path.exists():
        remedy = f"choose one of {', '.join(mechanism_names())}"
        raise WhychurnError(
            f"no mechanism {name!r}", file="params.yaml", column="world.mechanism", remedy=remedy
        )
    return Mechanism.model_validate(read_yaml(path))
