"""Features of snapshots, read from the panel's file where they are asked for: of every snapshot only `HELD` stays in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd

from whychurn.action.inputs import ActionInputs
from whychurn.contract.arrays import Array
from whychurn.contract.files import column_types, read_table, rows_in_pieces

HELD: Final = (
    "member_id", "as_of", "spell_no", "churned_in_horizon", "still_there", "days_silent", "usual_gap_days",
    # aversion to contact, worth
    "push_dismiss_rate_90d", "opted_out", "interactions_90d", "tenure_days", "spend_365d", "days_to_term_end",
)  # fmt: skip


def feature_types(inputs: ActionInputs) -> pd.DataFrame:
    """Features of the panel in the order of ``panel_facts["features"]``, as columns without rows."""
    empty = inputs.panel.iloc[:0] if inputs.panel_file is None else column_types(inputs.panel_file)
    return empty[[str(name) for name in inputs.panel_facts["features"] if name in empty]]


def feature_rows(
    inputs: ActionInputs, place: Array, names: list[str]
) -> Iterator[tuple[Array, pd.DataFrame]]:
    """Columns `names` of the panel's rows at `place`, a piece of the panel at a time.

    Yields
    ------
    where, rows
        Which of `place` the piece holds, and their rows in the same order.
    """
    if inputs.panel_file is None:
        yield np.arange(len(place)), inputs.panel[names].iloc[place]
    else:
        yield from rows_in_pieces(inputs.panel_file, place, names)


def panel_rows(inputs: ActionInputs, place: Array, names: Sequence[str]) -> pd.DataFrame:
    """Those of the columns `names` that the panel has, of its rows at `place`, in their order."""
    there = inputs.panel if inputs.panel_file is None else column_types(inputs.panel_file)
    held = [name for name in names if name in inputs.panel]
    others = [name for name in names if name in there and name not in held]
    rows = inputs.panel[held].iloc[place].reset_index(drop=True)
    if not others:
        return rows
    pieces = [piece.set_axis(where) for where, piece in feature_rows(inputs, place, others)]
    read = pd.concat([there[others], *pieces]).sort_index()
    return pd.concat([rows, read], axis=1, copy=False)


def text_levels(inputs: ActionInputs, name: str) -> list[str]:
    """Values of a text feature over all snapshots, in order."""
    if inputs.panel_file is None:
        return sorted(map(str, inputs.panel[name].dropna().unique()))
    held = read_table(inputs.panel_file, [name], texts_as_categories=True)[name]
    return sorted(map(str, held.cat.categories))
