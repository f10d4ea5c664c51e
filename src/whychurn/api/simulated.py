"""Programmes whose causes of leaving are known, because they were planted."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import pandas as pd
import pyarrow as pa

from whychurn.api.html import html_table
from whychurn.api.settings import settings
from whychurn.api.tables import FrameSource, Tables, checked_tables
from whychurn.contract.causes import CAUSES
from whychurn.world.build import as_arrow, rounded
from whychurn.world.lives.calibration import plan_scenario
from whychurn.world.setting.programme import load_programme
from whychurn.world.simulate import simulate as simulate_blocks

FAR: Final = dt.date(2200, 1, 1)  # no simulated day lies in the future, whatever the clock says


@dataclass(frozen=True, eq=False)
class Truth:
    """What was planted.

    Parameters
    ----------
    member_causes
        One row a leaving and one a member still there: member_id, spell, status, decided_on, left_on, cause, subcause,
        p_<cause> (chances of the causes in that week).
    churn_without
        One row a member: entry_on, p_churn, and p_without_<cause>, the chance to leave had the cause no excess.
    stay_without
        Expected member-weeks and leavings by weeks since joining, as it was and without one cause.
    action_efficacy
        What each action does to the hazard of each cause.
    touch_effects
        One row for each contact with a member still there: what it changed.
    decision_state, option_gains, returns
        The last day: who stands where, what each action and channel would gain, who would come back; empty above
        100 000 members.
    """

    member_causes: pd.DataFrame
    churn_without: pd.DataFrame
    stay_without: pd.DataFrame
    action_efficacy: pd.DataFrame
    touch_effects: pd.DataFrame
    decision_state: pd.DataFrame = field(default_factory=pd.DataFrame)
    option_gains: pd.DataFrame = field(default_factory=pd.DataFrame)
    returns: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def shares(self) -> pd.DataFrame:
        """Share of all leavings that each planted cause has: cause, share, leavings."""
        gone = self.member_causes.loc[self.member_causes["status"] == "churned", "cause"]
        counts = gone.value_counts().reindex(CAUSES, fill_value=0)
        return pd.DataFrame(
            {
                "cause": pd.Series(CAUSES, dtype="string"),
                "share": (counts / max(len(gone), 1)).to_numpy(),
                "churn_events": counts.to_numpy(),
            }
        )

    def _repr_html_(self) -> str:
        return html_table("Planted causes of leaving", self.shares)


@dataclass(frozen=True, eq=False)
class Simulated:
    """A simulated programme: what its company would see, and what was planted.

    Parameters
    ----------
    tables
        As `load` returns them.
    truth
        Nothing that fits or attributes may read it; `score` does.
    """

    tables: Tables = field(repr=False)
    truth: Truth = field(repr=False)

    def _repr_html_(self) -> str:
        return self.tables._repr_html_() + self.truth._repr_html_()


def simulate(
    program: Literal["shop", "gym", "school", "app"] = "shop",
    members: int = 2000,
    months: int = 24,
    seed: int = 7,
    interviews: int = 0,
) -> Simulated:
    """A programme whose causes of leaving are known; the same arguments give the same rows.

    Parameters
    ----------
    program
        ``shop`` (members leave in silence), ``gym`` (terms that end), ``school`` (terms of the
        calendar) or ``app`` (events alone).
    members
        Number of members.
    months
        Length of the observed time, 6 to 120.
    seed
        Of all random numbers.
    interviews
        Answered interviews of leavers drawn by lot, about so many.

    Returns
    -------
    Simulated
        ``.tables`` and ``.truth``.

    Raises
    ------
    WhychurnError
        If an argument is out of range or the programme is unknown.

    Examples
    --------
    >>> import whychurn
    >>> world = whychurn.simulate(members=300, months=12)
    >>> len(world.tables["members"])
    300
    >>> bool(world.truth.shares["share"].sum().round(9) == 1)
    True
    """
    world = {"program": program, "members": members, "months": months, "seed": seed, "interviews": interviews}
    params = settings({"world": world})
    blocks = list(simulate_blocks(plan_scenario(params.world, load_programme(program))))
    raw = _joined([block.tables for block in blocks])
    planted = _joined([{name: rounded(table) for name, table in block.truth.items()} for block in blocks])
    tables = checked_tables(FrameSource(raw), params, None, FAR)
    return Simulated(tables, Truth(**{name: _with_ids(frame) for name, frame in planted.items()}))


def _joined(blocks: list[Mapping[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """Tables of all blocks, one below the other, as files would hold them."""
    names = dict.fromkeys(name for tables in blocks for name in tables)
    joined = {}
    for name in names:
        parts = [as_arrow(name, tables[name]) for tables in blocks if name in tables]
        joined[name] = pa.concat_tables(part.cast(parts[0].schema) for part in parts).to_pandas()
    return joined


def _with_ids(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype({"member_id": "string"}) if "member_id" in frame else frame
