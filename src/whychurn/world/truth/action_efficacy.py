"""Truth table `action_efficacy`: what each action does to the hazard of each cause."""

from __future__ import annotations

import pandas as pd

from whychurn.world.setting.scenario import Scenario


def action_efficacy(scenario: Scenario) -> pd.DataFrame:
    """One row for each action and cause; the same for all members of ordinary response.

    Returns
    -------
    DataFrame
        action, cause, efficacy (share of the cause's hazard that is removed at first when noticed), onset_weeks,
        half_life_weeks, kind (works; dud; wakes: reminds members of leaving; win_back: for leavers),
        winback_log_odds (of coming back, for who left from the cause).
    """
    programme = scenario.programme
    rows = []
    for name, action in programme.actions.items():
        if action.for_ == "left":
            kind = "win_back"
        else:
            kind = "dud" if action.dud else "wakes" if action.wakes else "works"
        for cause in programme.causes:
            rows.append(
                {
                    "action": name,
                    "cause": cause,
                    "efficacy": action.causes.get(cause, 0.0),
                    "onset_weeks": action.onset_weeks,
                    "half_life_weeks": action.half_life_weeks,
                    "kind": kind,
                    "winback_log_odds": programme.winback.actions.get(name, {}).get(cause, 0.0),
                }
            )
    return pd.DataFrame(rows)
