"""What the stage scores of watch: its alarms, and those of plainer checks of the same months."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from whychurn.contract.files import read_table
from whychurn.score.watch.plain_checks import plain_limits, shifted_inputs
from whychurn.score.watch.watch_scores import ALARM, watch_scores

WATCHED: Final = ("watch_charts", "watch_alarms", "watch_received")


def score_watch(
    changes: Iterable[Mapping[str, Any]], told: Mapping[str, pd.DataFrame], snapshots: Path
) -> pd.DataFrame:
    """Scores of `watch_scores` for watch (watch) and for plain_95, ks and psi.

    Parameters
    ----------
    changes
        As planted.
    told
        Result tables `WATCHED`.
    snapshots
        File of the panel; read where months were judged.

    Returns
    -------
    DataFrame
        No rows where no month was judged.
    """
    charts = told["watch_charts"]
    main = charts[charts["chart"].eq("leavings") & charts["group"].eq("all")]
    reference, judged = (
        sorted(main.loc[main["state"] == state, "month"].unique()) for state in ("reference", "judged")
    )
    if not reference or not judged:
        return watch_scores([], pd.DataFrame(columns=ALARM), {})
    received = told["watch_received"].query("state == 'broken'").rename(columns={"table": "group"})
    received = received.assign(chart="received", since=received["month"], direction="more")
    raised = told["watch_alarms"].query("chart != 'received'")
    parts = [pd.concat([raised, received], ignore_index=True).assign(method="watch")]
    parts += [plain_limits(charts), shifted_inputs(read_table(snapshots), reference, judged)]
    alarms = pd.concat([part[ALARM] for part in parts if len(part)] or [pd.DataFrame(columns=ALARM)])
    methods = ("watch", "plain_95", "ks", "psi")
    return watch_scores(changes, alarms.reset_index(drop=True), dict.fromkeys(methods, len(judged)))
