"""What changes with the definition: leavers, leavings and returns under each one."""

from __future__ import annotations

import pandas as pd

from whychurn.contract.suppression import suppress_small_cells
from whychurn.contract.words import say


def definition_table(
    churners: pd.DataFrame, spells: pd.DataFrame, definitions: list[str], lang: str, min_cell: int
) -> pd.DataFrame:
    """Leavers of each definition, shortest wait first.

    Parameters
    ----------
    churners, spells
        Files of the panel stage.
    definitions
        Main definition and alternatives, as named in panel.json: one with no leaver stands with zero.

    Returns
    -------
    DataFrame
        definition (as text), is_main, members (all with a spell), churners, share, lapses, returned; counts below
        `min_cell` and what follows from them are blank.
    """
    members = spells["member_id"].nunique()
    rows = []
    for name in sorted(dict.fromkeys(definitions), key=_days):
        mine = churners[churners["definition"] == name]
        gone = mine["member_id"].nunique()
        rows.append(
            {
                "definition": say(f"panel.definition_{name.rpartition('_')[0]}", lang, days=_days(name)),
                "is_main": name == definitions[0],
                "members": members,
                "churners": gone,
                "share": gone / members if members else float("nan"),
                "lapses": len(mine),
                "returned": int(mine["returned_on"].notna().sum()),
            }
        )
    table = suppress_small_cells(pd.DataFrame(rows), "churners", ["share", "lapses", "returned"], min_cell)
    return suppress_small_cells(table.drop(columns="suppressed"), "returned", [], min_cell)


def _days(definition: str) -> int:
    return int(definition.rpartition("_")[2].removesuffix("d"))
