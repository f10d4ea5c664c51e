"""Truth table `member_causes`: the true cause of each exit, and the current mix of members at risk."""

import numpy as np
import pandas as pd

from whychurn.world.lives.simulated_lives import SimulatedLives
from whychurn.world.lives.true_causes import posterior
from whychurn.world.setting.clock import NEVER
from whychurn.world.setting.scenario import Scenario


def causes_table(scenario: Scenario, lives: SimulatedLives) -> pd.DataFrame:
    """One row for each exit in the window, and one for each member at risk at its end.

    Returns
    -------
    DataFrame
        member_id (the company's own), spell (1, 2 after a return), status (churned, at_risk), decided_on,
        left_on (null for at risk; with terms the last day of the term), cause, subcause (drawn; null for at
        risk), p_<cause> (posterior of the causes in that week: the hazard of each cause over the total).
    """
    clock, exits, causes = scenario.clock, lives.exits, list(scenario.programme.causes)
    again = exits.returned < NEVER
    who = np.flatnonzero(np.where(again, exits.left_again >= clock.days, exits.left >= clock.days))
    p = posterior(lives.hazards.by_cause, np.full(len(who), clock.weeks - 1), who)
    at_risk = pd.DataFrame({"position": who, "spell": np.where(again[who], 2, 1), "status": "at_risk"})
    at_risk[[f"p_{name}" for name in causes]] = p
    both = [lives.leavers.assign(status="churned"), at_risk]
    table = pd.concat(both, ignore_index=True).sort_values(["position", "spell"], ignore_index=True)
    dated = {
        name: pd.Series(clock.dates(table[day].fillna(0).to_numpy())).where(table[day].notna())
        for name, day in (("decided_on", "decided_day"), ("left_on", "left_day"))
    }
    table = table.assign(member_id=lives.members.ids[table["position"].to_numpy()], **dated)
    columns = ["member_id", "spell", "status", "decided_on", "left_on", "cause", "subcause"]
    return table[[*columns, *(f"p_{name}" for name in causes)]]
