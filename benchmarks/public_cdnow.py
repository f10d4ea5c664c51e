"""P(active) on CDNOW: 39 weeks to learn from, 26 weeks to be right in, beside published figures.

The question is the one of the buy-till-you-die literature: which customers buy again in the holdout? All that is
learnt comes from the calibration period: the model is fitted at day 91, where the following 26 weeks still lie inside it,
and asked at day 273. It knows recency and tenure as shares of what it has seen, so that it carries over to longer histories.

Run: python benchmarks/public_cdnow.py path/to/cdnow_master.csv.gz
Data: Fader & Hardie, CDNOW (brucehardie.com). Published: pranava-ba/non-contractual-churn, commit 61702c0.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.contract.tables import DTYPES, TABLES
from whychurn.panel.churn_definition import Definition
from whychurn.panel.duckdb_tables import Observed, day_number, open_database
from whychurn.panel.features.catalogue import load_catalogue
from whychurn.panel.features.compute import compute_features, in_row_order
from whychurn.panel.results import create_cover, create_spells
from whychurn.panel.snapshots import create_member_snapshots, create_snapshots
from whychurn.risk.evaluation.forecast_metrics import Business, Forecast, measure_once

START, HOLDOUT_DAYS = pd.Timestamp("1997-01-01"), 182
LEARN, ASK = START + pd.Timedelta(days=91), START + pd.Timedelta(days=273)
PUBLISHED = {"BTYD (published)": (0.149, 0.073), "ML (published)": (0.154, 0.054)}


def contract_tables(path: Path) -> dict[str, pd.DataFrame]:
    """CDNOW as the eight checked tables, all but members and orders empty."""
    lines = pd.read_csv(path, dtype={"customer_id": "string"}, parse_dates=["date"])
    orders = pd.DataFrame(
        {
            "order_id": lines.index.astype("string"),
            "member_id": lines["customer_id"],
            "ordered_at": lines["date"],
            "amount": lines["dollar_value"],
            "quantity": lines["number_of_cds"],
        }
    )
    members = lines.groupby("customer_id")["date"].min().reset_index()
    members.columns = pd.Index(["member_id", "joined_on"])
    given = {"orders": orders, "members": members.assign(profiling_consent=True)}
    return {name: _shaped(name, given.get(name, pd.DataFrame())) for name in TABLES}


def _shaped(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    fields = TABLES[name].fields
    return frame.reindex(columns=list(fields)).astype(
        {column: DTYPES[f.kind] for column, f in fields.items()}
    )


def snapshot(tables: dict[str, pd.DataFrame], day: pd.Timestamp) -> pd.DataFrame:
    """The panel's features of every customer seen before `day`, with what the next 26 weeks brought."""
    params = load_params(StudyPaths.at(PROJECT))
    observed = Observed(day_number(START), day_number(day) - 1)  # later rows do not exist for the features
    catalogue = load_catalogue()
    with open_database(tables, observed, params.run.memory_limit, []) as connection:
        create_cover(connection, "orders", observed, params.panel)
        create_spells(connection, Definition("inactivity", 100_000), observed)  # nobody is gone yet
        create_snapshots(connection, [day_number(day)])
        create_member_snapshots(connection, "spell", observed)
        features, _ = compute_features(connection, catalogue, params.panel, params.retention.tiers)
        members = in_row_order(connection, "SELECT r, member_id FROM risk JOIN member USING (m)")
        frame = pd.DataFrame(members | features)
    later = tables["orders"].loc[
        lambda o: o["ordered_at"].ge(day) & o["ordered_at"].lt(day + pd.Timedelta(days=HOLDOUT_DAYS))
    ]
    return frame.assign(active=frame["member_id"].isin(later["member_id"]).astype(int))


def portable(frame: pd.DataFrame) -> pd.DataFrame:
    """Features that mean the same after 13 and after 39 weeks."""
    tenure = frame["tenure_days"].clip(lower=1).astype(float)
    repeats = (frame["orders_so_far"].astype(float) - 1).clip(lower=0)
    quiet = frame["days_since_last_order"].astype(float)
    expected = repeats / tenure * quiet  # orders that a steady buyer would have placed in the silence
    return pd.DataFrame(
        {
            "repeats_log": np.log1p(repeats),
            "rate_log": np.log((repeats + 0.5) / (tenure + 90)),
            "quiet_share": quiet / tenure,
            "expected_log": np.log1p(expected),
            "quiet_log": np.log1p(quiet),
            "once": (repeats == 0).astype(float),
            "spend_log": np.log1p(frame["spend_365d"].astype(float)),
        }
    )


def measure(y: np.ndarray, p: np.ndarray) -> dict[str, float]:
    """The risk report's own measures; ECE over ten equal-mass bins."""
    no_money = Business(np.full(len(y), np.nan), saved_share=0.0, contact_cost=0.0, capacity=0.1)
    return measure_once(Forecast(y, p, no_money, shares=[0.1], bins=10))


def main(path: Path) -> None:
    """Print Brier score and ECE beside the published figures."""
    tables = contract_tables(path)
    learnt, asked = snapshot(tables, LEARN), snapshot(tables, ASK)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=1000))
    model.fit(portable(learnt), learnt["active"])
    p = model.predict_proba(portable(asked))[:, 1]
    y = asked["active"].to_numpy()
    print(
        f"customers {len(asked)}, active in the holdout {y.mean():.3f} (when learning: {learnt['active'].mean():.3f})"
    )
    print(f"{'':30s}{'Brier':>8s}{'ECE':>8s}{'AUC':>8s}")
    for name, (brier, ece) in PUBLISHED.items():
        print(f"{name:30s}{brier:8.3f}{ece:8.3f}{'':>8s}")
    rows = {
        "whychurn, forward in time": p,
        "share when learning, for all": np.full(len(y), learnt["active"].mean()),
    }
    for name, score in rows.items():
        found = measure(y, score)
        print(f"{name:30s}{found['brier']:8.3f}{found['ece']:8.3f}{found['auc']:8.3f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
