"""The audit must catch what it is there for: planted leaks of each kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.panel.duckdb_tables import Observed, day_number, open_database
from whychurn.panel.features import events as events_sql
from whychurn.panel.features import orders as orders_sql
from whychurn.panel.features import service as service_sql
from whychurn.panel.features import voice as voice_sql
from whychurn.panel.features.catalogue import load_catalogue
from whychurn.panel.features.windows import Trailing
from whychurn.panel.leakage import audit
from whychurn.panel.leakage.audit import (
    audit_row,
    check_labels,
    check_single_features,
    check_split,
    labelled_places,
    raise_on_leakage,
    rows_at,
)
from whychurn.panel.leakage.future_perturbation import PRESENCE, compare, perturbation_test
from whychurn.panel.results import build_panel, find_churn

OBSERVED = Observed(day_number("2024-01-01"), day_number("2024-12-31"))


def audited(tables, params):
    catalogue = load_catalogue()
    tiers = params.retention.tiers
    with open_database(tables, OBSERVED, "500MB", []) as connection:
        churn = find_churn(connection, OBSERVED, params.panel)
        panel, _ = build_panel(connection, OBSERVED, churn, params.panel, tiers, catalogue)
        return perturbation_test(connection, panel, catalogue, OBSERVED, params, churn)


def leaking(findings):
    return set(findings.loc[~findings["passed"], "subject"])


@pytest.fixture
def tables(random_tables):
    return random_tables(11, members=25, absent=0)


@pytest.fixture
def params(params_with):
    return params_with(churn="inactivity", activity="any", threshold_days=120, warmup_days=60)


def test_honest_features_do_not_change_with_the_future(tables, params):
    findings = audited(tables, params)
    assert set(findings["check"]) == {"shift_removed", "shift_scrambled"}
    assert len(findings) == 2 * (len(load_catalogue()) + len(PRESENCE))
    assert not leaking(findings)


@pytest.mark.parametrize(
    ("module", "name", "value", "feature"),
    [
        (orders_sql, "SUMS", (*orders_sql.SUMS[1:], Trailing("orders_30d", "1", 30, -20)), "orders_30d"),
        (
            events_sql,
            "SUMS",
            (*events_sql.SUMS[1:], Trailing("interactions_30d", "1", 30, -20)),
            "interactions_30d",
        ),
        (
            orders_sql,
            "known_returns_sql",
            lambda: "SELECT * FROM purchase WHERE returned IS NOT NULL",
            "return_share_180d",
        ),
        (voice_sql, "SUMS", (Trailing("texts_180d", "1", 180, -20), *voice_sql.SUMS[1:]), "texts_180d"),
        (service_sql, "TICKET", "TRUE", None),
    ],
)
def test_a_planted_leak_is_named(tables, params, monkeypatch, module, name, value, feature):
    monkeypatch.setattr(module, name, value)
    if feature is None:  # an answer counted before it was given
        told = service_sql.tickets_sql().replace("responded < d", "responded IS NOT NULL")
        monkeypatch.setattr(service_sql, "tickets_sql", lambda: told)
        feature = "response_hours_180d"
    findings = audited(tables, params)
    assert feature in leaking(findings)
    with pytest.raises(WhychurnError, match=feature):
        raise_on_leakage(findings)


def test_label_rules_are_recounted(tables, params, panel_of):
    made = panel_of(tables, params)
    until = pd.Timestamp("2024-12-31")
    assert check_labels(made.panel, made.churn.spells, 90, until)["passed"].all()
    assert not check_labels(made.panel, made.churn.spells, 92, until)["passed"].all()
    wrong = made.panel.assign(churned_in_horizon=~made.panel["churned_in_horizon"])
    assert "label is not the leaving in its window" in leaking(
        check_labels(wrong, made.churn.spells, 90, until)
    )
    left = made.panel[made.panel["event"]].head(1)
    assert len(left)
    late = pd.concat([made.panel, left.assign(as_of=left["stop_on"] + pd.Timedelta(days=3))])
    found = leaking(check_labels(late, made.churn.spells, 90, until))
    assert {"row after leaving or before entry", "leaving counted twice"} <= found


def test_a_split_whose_label_windows_overlap_is_refused():
    march, june = pd.Timestamp("2024-03-01"), pd.Timestamp("2024-06-01")
    assert check_split(march, june, 92)["passed"]
    with pytest.raises(WhychurnError, match="1 days into the test period"):
        check_split(march, june, 93)


def test_a_feature_that_foretells_too_well_is_flagged_by_name():
    rng = np.random.default_rng(0)
    label = rng.random(500) < 0.3
    panel = pd.DataFrame(
        {
            "churned_in_horizon": pd.array(label, dtype="boolean"),
            "told": np.where(label, 0.0, 1.0)
            + rng.normal(0, 0.05, 500),  # low means gone: direction must not matter
            "missing": pd.array(np.where(label, np.nan, 1.0), dtype="Float64"),  # its absence tells
            "place": pd.array(np.where(label, "x", "y"), dtype="string"),
            "noise": rng.normal(size=500),
        }
    )
    catalogue = pd.DataFrame(
        {"name": ["told", "missing", "place", "noise"], "kind": ["number", "number", "category", "number"]}
    )
    found = check_single_features(panel, catalogue, 0.95, 1)
    assert leaking(found) == {"told", "missing", "place"}
    raise_on_leakage(found)  # a flag warns, it does not stop the run
    noise = found.set_index("subject").loc["noise", "value"]
    assert 0.5 <= noise < 0.6


def test_rows_that_are_ranked_are_drawn_alike_from_a_file_and_from_memory(tmp_path, monkeypatch) -> None:
    rng = np.random.default_rng(0)
    label = pd.array(np.where(rng.random(90) < 0.3, None, rng.random(90) < 0.4), dtype="boolean")
    panel = pd.DataFrame({"churned_in_horizon": label, "n": range(90)})
    panel.to_parquet(tmp_path / "panel.parquet", row_group_size=25)
    known = panel[panel["churned_in_horizon"].notna()]
    file = tmp_path / "panel.parquet"
    assert rows_at(file, labelled_places(file, 3))["n"].tolist() == known["n"].tolist()
    monkeypatch.setattr(audit, "RANKED_ROWS", 40)
    drawn = rows_at(file, labelled_places(file, 3))
    pd.testing.assert_frame_equal(drawn, known.sample(40, random_state=3).reset_index(drop=True))


def test_an_average_on_the_edge_of_rounding_is_no_leak() -> None:
    """The same mean summed in another order can round up once and down once; anything more has changed."""
    catalogue = pd.DataFrame({"name": ["rate"], "kind": ["number"]})
    before = pd.DataFrame({"rate": [0.815062, 0.2, 0.0]}, index=["a", "b", "c"])
    edge = before.assign(rate=[0.815063, 0.2, 0.0])
    assert compare(before, edge, catalogue) == {"rate": 0.0}
    moved = before.assign(rate=[0.815065, 0.2, 0.0])
    assert compare(before, moved, catalogue)["rate"] == pytest.approx(1 / 3)


def test_an_audit_row_passes_up_to_its_bound():
    assert audit_row("labels", "a rule", 1.0, 1.0)["passed"]
    assert not audit_row("labels", "a rule", 1.01, 1.0)["passed"]
