"""Play a plan in a simulated programme: beside doing nothing, simple policies and two oracles, at the same budget."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.params import WorldParams
from whychurn.world.lives.calibration import plan_scenario
from whychurn.world.play.carry_out import Contacts, Limits, carry_out
from whychurn.world.play.plan_file import no_plan
from whychurn.world.play.played import Played, Progress, play
from whychurn.world.play.policies import POLICIES, reference_plans
from whychurn.world.play.roster import Blocks, roster_of
from whychurn.world.play.true_gains import true_options
from whychurn.world.setting.programme import load_programme

PLAN: Final = "plan"
NONE: Final = "none"
BUDGET_SHARE: Final = 0.01  # of the margin of the members on the books in 4 weeks, where no budget is given
_BUDGET_WEEKS: Final = 4
COLUMNS: Final = [
    "policy", "contacts", "cost", "value", "gain", "gain_se", "kept_per_1000", "kept_se", "share_informed",
    "share_clairvoyant",
]  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What came of a plan.

    Parameters
    ----------
    table
        See `outcome_table`.
    contacts
        What was carried out, by name of the plan.
    budget
        That all plans had; currency.
    on_books
        Members on the books on the decision day.
    """

    table: pd.DataFrame
    contacts: dict[str, Contacts]
    budget: float
    on_books: int


@dataclass(frozen=True)
class Game:
    """How a plan is played.

    Parameters
    ----------
    futures
        Number of futures; errors are over them.
    against
        Plans to compare with (`reference_plans`).
    budget
        Of each plan; None: 1 % of the margin of the members on the books in 4 weeks.
    member_4_weeks
        Contacts of a member in any 28 days.
    """

    futures: int = 8
    against: Sequence[str] = (NONE, *POLICIES)
    budget: float | None = None
    member_4_weeks: int = 2


def play_plan(params: WorldParams, plans: dict[str, pd.DataFrame], game: Game, progress: Progress) -> Outcome:
    """Play `plans` (as `read_plan` gives them, with the company's ids) in the world of `params`.

    Parameters
    ----------
    progress
        Receives a line now and then.
    """
    scenario = plan_scenario(params, load_programme(params.program))
    blocks = Blocks(scenario)
    roster = roster_of(blocks)
    progress(f"{roster.on_books:,} of {params.members:,} members are on the books")
    budget = _budget(roster.weekly_margin) if game.budget is None else game.budget
    chosen = {NONE: no_plan()}
    if others := [name for name in game.against if name != NONE]:
        progress("reckoning what each action would bring each member")
        chosen |= reference_plans(others, roster, true_options(blocks, roster), budget, params.seed)
    limits = Limits(budget, game.member_4_weeks)
    made = {name: carry_out(scenario, roster, plan, limits) for name, plan in {**plans, **chosen}.items()}
    played = play(blocks, made, game.futures, progress)
    return Outcome(outcome_table(played, made, roster.on_books), made, budget, roster.on_books)


def _budget(weekly_margin: float) -> float:
    return BUDGET_SHARE * _BUDGET_WEEKS * weekly_margin


def outcome_table(played: Played, contacts: Mapping[str, Contacts], on_books: int) -> pd.DataFrame:
    """What each plan brings, paired with doing nothing in the same futures.

    Parameters
    ----------
    on_books
        Members on the books on the decision day.

    Returns
    -------
    DataFrame
        policy, contacts, cost (currency, all contacts), value (margin of first and second lives and of members who were
        brought, less cost; currency a member on the books), gain (value less that of doing nothing) and gain_se
        (standard error over the futures), kept_per_1000 (members more on the books at the end, of 1 000) and kept_se,
        share_informed and share_clairvoyant (gain over that of the oracle; null where that does not gain).
    """
    rows = []
    size = max(on_books, 1)
    for name, made in contacts.items():
        gain, kept = (played.gain[name] - made.cost) / size, 1000 * played.kept[name] / size
        rows.append(
            {
                "policy": name,
                "contacts": len(made.rows),
                "cost": made.cost,
                "value": played.untouched.mean() / size + gain.mean(),
                "gain": gain.mean(),
                "gain_se": _error(gain),
                "kept_per_1000": kept.mean(),
                "kept_se": _error(kept),
            }
        )
    table = pd.DataFrame(rows)
    for oracle in ("informed", "clairvoyant"):
        best = table.loc[table["policy"] == oracle, "gain"]
        reached = len(best) > 0 and best.iloc[0] > 0
        table[f"share_{oracle}"] = table["gain"] / best.iloc[0] if reached else np.nan
    return table[COLUMNS]


def _error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")
