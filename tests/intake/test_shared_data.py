"""Two public data sets run through intake with nothing but a mapping."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from whychurn.contract.files import read_table

DATA = Path(os.environ.get("WHYCHURN_SHARED_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not DATA.is_dir(), reason="the public data sets are not here (WHYCHURN_SHARED_DATA)"),
]


def test_cdnow(make_study, build) -> None:
    params = {
        "intake": {
            "source": str(DATA / "cdnow"),
            "tables": {"orders": "cdnow_master"},
            "columns": {
                "orders.member_id": "customer_id",
                "orders.ordered_at": "date",
                "orders.amount": "dollar_value",
                "orders.quantity": "number_of_cds",
            },
        },
        "privacy": {"pseudonymize": False},
    }
    study = make_study({}, params)
    facts = build(study)
    assert facts["tables"]["members"]["derived"] == 23_570
    assert facts["tables"]["orders"]["kept"] == 69_659
    assert (facts["observed_from"], facts["observed_until"]) == ("1997-01-01", "1998-06-30")
    plain = pd.read_csv(DATA / "cdnow" / "cdnow_master.csv.gz", dtype={"customer_id": str})
    orders = read_table(study.interim / "orders.parquet")
    assert orders["amount"].sum() == pytest.approx(plain["dollar_value"].sum())
    spent = orders.groupby("member_id")["amount"].sum()
    assert spent.to_dict() == pytest.approx(plain.groupby("customer_id")["dollar_value"].sum().to_dict())
    assert not {q["id"]: q["answerable"] for q in facts["questions"]}["renewal"]


def test_completejourney(make_study, build) -> None:
    params = {
        "intake": {
            "source": str(DATA / "completejourney"),
            "complete_members": True,
            "fold": ["orders"],
            "tables": {
                "members": "demographics",
                "orders": "transactions_sample + products",
                "touches": "campaigns + campaign_descriptions",
                "events": "coupon_redemptions",
            },
            "columns": {
                "members.member_id": "household_id",
                "orders.member_id": "household_id",
                "orders.order_id": "basket_id",
                "orders.ordered_at": "transaction_timestamp",
                "orders.amount": "sales_value",
                "orders.discount": "retail_disc",
                "orders.category": "department",
                "touches.member_id": "household_id",
                "touches.sent_at": "start_date",
                "touches.action": "campaign_type",
                "events.member_id": "household_id",
                "events.occurred_at": "redemption_date",
                "events.event_type": "=coupon_used",
            },
        },
        "privacy": {"pseudonymize": False},
    }
    study = make_study({}, params)
    facts = build(study)["tables"]
    lines = pd.read_parquet(DATA / "completejourney" / "transactions_sample.parquet")
    baskets = lines.groupby("basket_id")["sales_value"].sum()
    assert facts["orders"]["read"] == len(lines)
    assert facts["orders"]["kept"] == len(baskets) == 47_243
    orders = read_table(study.interim / "orders.parquet").set_index("order_id")
    assert orders["amount"].to_dict() == pytest.approx(baskets.to_dict())
    assert facts["members"]["read"] == 801
    assert facts["touches"]["kept"] + facts["touches"]["quarantined"] == 6_589
    members = read_table(study.interim / "members.parquet")
    assert members["income"].notna().sum() == 801
