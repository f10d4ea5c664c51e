"""What changes when the churn definition changes."""

from typing import Final

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.contract.results import columns_of, empty_table, typed
from whychurn.retention.member_history import History, as_dates
from whychurn.retention.month_grid import left_between, present_at_month_ends
from whychurn.retention.rates.churn_by_stratum import snapshot_before, stratify
from whychurn.retention.rates.rates_by_period import last_year

COLUMNS: Final = columns_of("definition_sensitivity")


def definition_sensitivity(
    history: History, rates: pd.DataFrame, panel: pd.DataFrame, confidence: float, min_cell: int
) -> pd.DataFrame:
    """Churn of the last 12 complete months and the order of the strata, one row per definition.

    Returns
    -------
    DataFrame
        ``came_back_share``: of all who left under the definition, those seen again since. ``top_strata``:
        the three strata with the highest churn. ``rank_agreement``: Kendall's tau of the strata's rates
        with those of the main definition (members at risk under the main definition).
    """
    span = last_year(history)
    if span is None:
        return empty_table(COLUMNS)
    churn = rates[
        (rates["period_kind"] == "last_12_months")
        & (rates["measure"] == "churn")
        & (rates["basis"] == "members")
    ].set_index("definition")
    order = {
        name: _strata_rates(history, name, span, panel, confidence, min_cell) for name in history.absences
    }
    rows = []
    for name, gaps in history.absences.items():
        row = churn.loc[name] if name in churn.index else pd.Series(dtype=float)
        back = (
            float(np.mean(gaps.returned <= history.observed_until)) if len(gaps.left) >= min_cell else np.nan
        )
        rows.append(
            {
                "definition": name,
                "is_main": name == history.main,
                "grace_days": gaps.threshold,
                "period": as_dates(history.edges[[span[0]]])[0],
                "period_end": as_dates(history.edges[[span[1]]])[0],
                "members": row.get("members"),
                "churners": row.get("numerator"),
                **{key: row.get(key) for key in ("rate", "low", "high")},
                "came_back_share": back,
                "top_strata": "; ".join(order[name].nlargest(3).index),
                "rank_agreement": _agreement(order[history.main], order[name]),
            }
        )
    return typed(pd.DataFrame(rows, columns=COLUMNS)).sort_values("grace_days", ignore_index=True)


def _strata_rates(
    history: History,
    definition: str,
    span: tuple[int, int],
    panel: pd.DataFrame,
    confidence: float,
    min_cell: int,
) -> pd.Series:
    members = snapshot_before(panel, as_dates(history.edges[[span[0]]])[0])
    code = history.ids.get_indexer(pd.Index(members["member_id"].astype(object)))
    left = left_between(history, definition, *span)
    present = present_at_month_ends(history, definition)[:, span[0]]
    members = members.assign(left=left[code])[present[code]]
    table = stratify(members, confidence)
    table = table[table["members"] >= min_cell]
    return pd.Series(table["rate"].to_numpy(), index=table["dimension"] + "=" + table["stratum"], dtype=float)


def _agreement(main: pd.Series, other: pd.Series) -> float:
    both = pd.concat([main, other], axis=1, join="inner").dropna()
    return float(stats.kendalltau(both.iloc[:, 0], both.iloc[:, 1]).statistic) if len(both) > 1 else np.nan
