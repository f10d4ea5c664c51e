"""What changes in the length of a stay when the churn definition changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from whychurn.contract.params import Params
from whychurn.survival.nonparametric.kaplan_meier import MEANS, stay_columns, stay_curves
from whychurn.survival.spells import Window, alternative_spells, stay_rows

COLUMNS: Final = ["definition", "is_main", "wait_days", "censored_on", *MEANS[2:]]


def definition_stays(
    spells: pd.DataFrame,
    churners: pd.DataFrame,
    panel_facts: Mapping[str, Any],
    intake_facts: Mapping[str, Any],
    params: Params,
    min_cell: int,
) -> pd.DataFrame:
    """Counts, mean, median and shares that stay under the main definition and its alternatives, shortest wait first.

    Each definition brings its own day of censoring: with a longer wait fewer leavings are known.

    Returns
    -------
    DataFrame
        `COLUMNS` and ``stay_<d>d`` with bounds; see `curves.stay_curves`.
    """
    main = str(panel_facts["definition"])
    rows = []
    for name in dict.fromkeys([main, *map(str, panel_facts.get("alternatives", []))]):
        window = Window.of(panel_facts, intake_facts, name)
        stays = stay_rows(spells if name == main else alternative_spells(spells, churners, name), window)
        _, means = stay_curves({"all": stays.assign(stratum="all")}, params, min_cell)
        found = means.iloc[0].drop(["stratum_kind", "stratum"]).to_dict() if len(means) else {}
        rows.append(
            {
                "definition": name,
                "is_main": name == main,
                "wait_days": float(window.wait_days),
                "censored_on": window.censored_on,
                **found,
            }
        )
    columns = [*COLUMNS, *stay_columns(params.survival)]
    table = pd.DataFrame(rows, columns=columns).sort_values("wait_days", ignore_index=True)
    kinds = {"definition": "string", "is_main": "bool", "censored_on": "datetime64[ns]"}
    return table.astype({name: kinds.get(name, "float64") for name in columns})
