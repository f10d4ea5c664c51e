"""Contract table `market`: what the company's market watch recorded, with its gaps."""

import numpy as np
import pandas as pd

from whychurn.world.setting.scenario import Scenario
from whychurn.world.tables.counts_to_rows import coded


def market_table(scenario: Scenario) -> pd.DataFrame:
    """Indices of each week, region and category; some weeks of rivals' figures are missing."""
    market, programme, clock = scenario.market, scenario.programme, scenario.clock
    week, region, category = (index.ravel() for index in np.indices(market.own.shape))
    table = pd.DataFrame(
        {
            "week_start": clock.dates(7 * week),
            "region": coded(region, list(programme.regions)),
            "category": coded(category, list(programme.categories)),
            "own_price_index": market.own.ravel().round(4),
            "competitor_price_index": market.rival.ravel().round(4),
            "competitor_activity": market.activity.ravel().round(3),
        }
    )
    unseen = (np.arange(len(table)) * 7919) % 97 == 0  # the watch missed a week here and there
    table.loc[unseen, ["competitor_price_index", "competitor_activity"]] = np.nan
    return table
