"""Contract table `members`, with the gaps that a company's records have."""

from typing import Final

import numpy as np
import pandas as pd

from whychurn.world.lives.members import Members
from whychurn.world.setting.clock import NEVER
from whychurn.world.setting.scenario import Scenario

MISSING: Final = {  # share of members of whom a column is not recorded
    "birth_year": 0.05,
    "gender": 0.06,
    "region": 0.008,
    "channel": 0.004,
    "marketing_consent": 0.02,
    "profiling_consent": 0.005,
    "child_birth_year": 0.25,
}


def members_table(
    scenario: Scenario, members: Members, referrer: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """One row for each member of the block; `referrer` (n,) as `draw_referrers` gives it."""
    programme, clock, n = scenario.programme, scenario.clock, members.size
    recorded = {name: rng.random(n) >= share for name, share in MISSING.items()}
    child = clock.start.year + (members.need_end / 365.25 - programme.need.years)
    table = pd.DataFrame(
        {
            "member_id": members.ids,
            "joined_on": clock.dates(members.joined),
            "birth_year": np.where(recorded["birth_year"], members.birth_year, np.nan),
            "gender": pd.Series(np.where(members.female, "female", "male")).where(recorded["gender"]),
            "region": pd.Series(np.array(list(programme.regions))[members.region]).where(recorded["region"]),
            "channel": pd.Series(np.array(list(programme.channels))[members.channel]).where(
                recorded["channel"]
            ),
            "marketing_consent": pd.array(members.marketing, dtype="boolean"),
            "profiling_consent": pd.array(members.profiling, dtype="boolean"),
            "preferred_language": np.where(members.language == 1, "en", "zh"),
        }
    )
    for name in ("marketing_consent", "profiling_consent"):
        table[name] = table[name].mask(~recorded[name])
    for name in ("app", "email", "wechat"):  # of phones a company asks everybody
        if name in programme.contact_channels:
            has = members.has_channel[list(programme.contact_channels).index(name)]
            table[f"has_{name}"] = pd.array(has, dtype="boolean")
    if programme.need.kind == "child":
        has_child = (members.need_end < NEVER) & recorded["child_birth_year"]
        table["child_birth_year"] = np.where(has_child, np.floor(child), np.nan)
    # who has none: -1, the last
    table["referred_by"] = np.array([*members.ids, None], dtype=object)[referrer]
    return table
