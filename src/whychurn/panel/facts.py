"""The few figures of panel.json."""

from typing import Any

import pandas as pd

from whychurn.contract.params import PanelParams
from whychurn.panel.churn_definition import Definition, waiting_days
from whychurn.panel.results import Churn


def label_known_days(main: Definition, horizon_days: int) -> int:
    """Days after a snapshot on which its labels are known: the window, then the silence that makes a leaving."""
    return horizon_days + waiting_days(main.days)


def panel_facts(
    churn: Churn, panel: PanelParams, frame: pd.DataFrame, catalogue: pd.DataFrame, without: list[str]
) -> dict[str, Any]:
    """Content of panel.json."""
    days = "grace_days" if churn.main.kind == "terms" else "threshold_days"
    span = [
        f"{day:%Y-%m-%d}" if pd.notna(day) else None for day in (frame["as_of"].min(), frame["as_of"].max())
    ]
    return {
        "definition": churn.main.name,
        "kind": churn.main.kind,
        days: churn.main.days,
        "alternatives": [one.name for one in churn.others],
        "horizon_days": panel.horizon_days,
        "label_known_days": label_known_days(churn.main, panel.horizon_days),
        "usual_gap": {"mean_days": churn.usual.mean_days, "factor": churn.usual.factor},
        "as_of_first": span[0],
        "as_of_last": span[1],
        "activity": churn.activity,
        "features": list(catalogue["name"]),
        "features_without_data": without,
        "member_columns": panel.member_columns,
        "rows": len(frame),
        "members": int(frame["member_id"].nunique()),
    }
