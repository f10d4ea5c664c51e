"""Which columns of a panel are features, the caller's own included."""

from typing import Final

import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.panel.features.catalogue import load_catalogue
from whychurn.panel.features.compute import STRATA
from whychurn.panel.results import OUTCOME

KEYS: Final = ("member_id", "as_of", "spell_no", "start_on", "stop_on", "event", *OUTCOME)


def panel_catalogue(panel: pd.DataFrame) -> pd.DataFrame:
    """Catalogue of the features in `panel`; columns that it does not know are features of the caller's own.

    Returns
    -------
    DataFrame
        name, family, cause, window_days, source, kind, unit, monotone, en, zh.
    """
    known = {*load_catalogue()["name"], *KEYS, *STRATA}
    return load_catalogue(panel, [str(name) for name in panel.columns if name not in known])


def own_columns(panel: pd.DataFrame) -> list[str]:
    """Features that the caller added to the panel."""
    return panel_catalogue(panel)["name"].iloc[len(load_catalogue()) :].tolist()


def require_columns(frame: pd.DataFrame, names: tuple[str, ...], what: str, remedy: str) -> None:
    """Refuse a frame that lacks columns.

    Parameters
    ----------
    what
        The frame as the message names it, such as ``the panel``.

    Raises
    ------
    WhychurnError
        Naming the columns.
    """
    if not isinstance(frame, pd.DataFrame):
        raise WhychurnError(f"{what} is a {type(frame).__name__}, not a DataFrame", remedy=remedy)
    if missing := [name for name in names if name not in frame]:
        raise WhychurnError(f"{what} lacks columns", column=", ".join(missing), remedy=remedy)
