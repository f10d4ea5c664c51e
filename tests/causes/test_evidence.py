"""What methods look at, and what is assumed before data: sums of probabilities, columns left out, sources
left out.
"""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.checks.sensitivity import events_by_definition, without_source
from whychurn.causes.evidence.classifier_table import classifier_inputs
from whychurn.causes.evidence.keyword_weights import keyword_weights
from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.causes.evidence.spell_evidence import Evidence, profiled_members
from whychurn.causes.exposures.exposure_history import ExposureHistory
from whychurn.causes.facts import cause_fits
from whychurn.causes.latent_cause.confusion_matrices import label_log_likelihood, prior_confusion
from whychurn.causes.member_weeks.weeks_at_risk import PersonWeeks
from whychurn.causes.methods import Attribution
from whychurn.causes.results import member_table, method_inputs
from whychurn.causes.tables.by_group_and_month import (
    cause_change,
    cause_groups,
    cause_months,
    churned_posteriors,
    churned_strata,
)
from whychurn.causes.tables.source_comparison import cause_stated
from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.params import CausesParams, load_params
from whychurn.contract.paths import StudyPaths
from whychurn.panel.exit_surveys import NOT_ASKED, SILENT

K = len(CAUSES)
PRICE = CAUSES.index("price")
NAMES = ["base"] * K + ["price_rise@4", "price_rise@12", "rival_activity"]
OF_CAUSE = np.array([*range(K), PRICE, PRICE, CAUSES.index("competition")])


@pytest.fixture(scope="module")
def params() -> CausesParams:
    return load_params(StudyPaths.at()).causes


@pytest.fixture
def evidence() -> Evidence:
    """Three stays; the second and third are attributed."""
    columns = len(NAMES)
    x = np.arange(3 * columns, dtype="float32").reshape(3, columns)
    rows = PersonWeeks(np.arange(3), np.zeros(3, int), np.ones(3), x, np.zeros(3, "int8"))
    history = ExposureHistory(OF_CAUSE, NAMES, np.ones(columns), rows, rows, x, rows)
    labels = NoisyLabels(np.array([0, 1, SILENT]), np.ones((3, K + 1)), np.ones((3, K + 1)))
    anchors = pd.DataFrame(
        {"member_id": ["b", "c"], "spell_no": [1, 1], "status": ["churned", "at_risk"], "anchor_on": pd.to_datetime(["2024-05-01", "2024-06-01"])}
    )  # fmt: skip
    spells = SimpleNamespace(first_week=np.zeros(3, int))
    return Evidence(
        spells, anchors, np.array([1, 2]), np.ones(3, bool), history, labels, pd.DataFrame(), None
    )  # type: ignore[arg-type]


def test_evidence_is_told_by_anchor(evidence: Evidence) -> None:
    assert (evidence.exposures_at_index_date == evidence.history.at_index_date[1:]).all()
    assert evidence.stated.tolist() == [1, SILENT] and evidence.churned.tolist() == [True, False]
    assert evidence.history.roots[-3:] == ["price_rise", "price_rise", "rival_activity"]


def test_a_source_that_is_left_out_says_nothing(evidence: Evidence) -> None:
    survey, text, market = (without_source(evidence, source) for source in ("survey", "text", "market"))
    assert (
        (survey.labels.stated == NOT_ASKED).all()
        and not survey.labels.exit_texts.any()
        and survey.labels.texts_before_exit.any()
    )
    assert (
        text.labels.stated == evidence.labels.stated
    ).all() and not text.labels.texts_before_exit.any() | text.labels.exit_texts.any()
    assert (
        not market.history.at_index_date[:, -1].any()
        and (market.history.at_index_date[:, :-1] == evidence.history.at_index_date[:, :-1]).all()
    )


def test_words_count_in_the_days_before_the_anchor(evidence: Evidence) -> None:
    """b wrote of the price within 90 days, and before; c after the anchor."""
    feedback = pd.DataFrame(
        {
            "member_id": ["b", "b", "c", "c"],
            "created_at": pd.to_datetime(["2024-04-20", "2023-01-01", "2024-06-02", "2024-05-31"]),
            "text": ["too expensive", "too expensive, too expensive", "too expensive", None],
        }
    )
    weights = keyword_weights(evidence, feedback, days=90)
    assert weights[0, PRICE] > 0 and weights[0].sum() == weights[0, PRICE] and not weights[1].any()


def test_methods_are_given_numbers_words_and_contributions(evidence: Evidence) -> None:
    """Of the panel the features that are numbers and stand in it."""
    panel = pd.DataFrame({"orders_90d": [1.0, 2], "region": ["n", "s"]})
    catalogue = pd.DataFrame(
        {"name": ["orders_90d", "region", "absent"], "kind": ["number", "category", "flag"]}
    )
    feedback = pd.DataFrame(
        {"member_id": ["b"], "created_at": pd.to_datetime(["2024-04-30"]), "text": ["too expensive"]}
    )
    raised = np.ones((2, K))
    inputs = method_inputs(replace(evidence, panel=panel), catalogue, feedback, raised)
    assert inputs.table["x_orders_90d"].tolist() == [1, 2] and not {"x_region", "x_absent"} & set(
        inputs.table
    )
    assert inputs.table["x_stated_price"].tolist() == [1, 0] and inputs.table["x_silent"].tolist() == [0, 1]
    assert inputs.keyword_weights[0].argmax() == PRICE and inputs.contributions is raised


def test_a_member_s_row_has_chances_name_and_reasons(evidence: Evidence, params: CausesParams) -> None:
    """Who stated the price is told so; who is as likely to leave for anything has no name."""
    quiet = NoisyLabels(evidence.labels.stated, np.zeros((3, K + 1)), np.zeros((3, K + 1)))
    own = replace(evidence, labels=quiet, panel=pd.DataFrame(index=range(2)))
    p = np.stack([np.eye(K)[PRICE], np.full(K, 1 / K)])
    table = member_table(own, p, params)
    assert table["member_id"].tolist() == ["b", "c"] and table["p_price"].tolist() == [
        1,
        pytest.approx(1 / K),
    ]
    assert table["primary_cause"].iloc[1] == UNKNOWN
    told = json.loads(table["evidence"].iloc[0])
    assert [one["cause"] for one in told] == ["price"] and json.loads(table["evidence"].iloc[1]) == []


def test_labels_are_no_inputs_of_a_classifier() -> None:
    table = pd.DataFrame(
        {"x_a": [1.0, np.nan, 3, 5], "x_constant": [2.0] * 4, "x_none": [np.nan] * 4, "x_stated_price": [1.0, 0, 0, 1], "x_silent": [0.0, 1, 0, 0], "other": [9.0] * 4}
    )  # fmt: skip
    x = classifier_inputs(table)
    filled = np.array([1.0, 3, 3, 5])
    assert x.shape == (4, 1) and x[:, 0] == pytest.approx((filled - 3) / filled.std())


def test_who_may_be_profiled() -> None:
    members = pd.DataFrame(
        {"member_id": list("abc"), "profiling_consent": pd.array([True, False, None], dtype="boolean")}
    )
    assert profiled_members(members)["member_id"].tolist() == ["a"]


def test_silence_and_answers_in_the_likelihood() -> None:
    """By hand: a silent one has 1 - answers, one who named the first cause answers x stated, one not asked
    nothing.
    """
    labels = NoisyLabels(np.array([0, SILENT, NOT_ASKED]), np.zeros((3, K + 1)), np.zeros((3, K + 1)))
    confusion = prior_confusion(labels, true=0.6, price=0.2)
    rates = np.linspace(0.2, 0.7, K)
    log = label_log_likelihood(labels, replace(confusion, response_rates=rates))
    assert log[0] == pytest.approx(np.log(rates * confusion.stated[:, 0]))
    assert log[1] == pytest.approx(np.log(1 - rates)) and not log[2].any()


def test_tables_by_group_and_time() -> None:
    """Forty leavers: half of each group for price, all of one; the second half of the year for price only."""
    p = np.eye(K)[np.repeat([0, PRICE], 20)]
    left_on = pd.Series(pd.to_datetime(["2024-01-10"] * 20 + ["2024-02-10"] * 20))
    strata = pd.DataFrame({"region": ["n", "s"] * 20, "tier": ["gold"] * 20 + ["plain"] * 15 + ["rare"] * 5})
    groups = cause_groups(p, strata, min_cell=10, confidence=0.95).set_index(["kind", "stratum", "cause"])
    assert (
        groups.loc[("region", "n", "price"), "share"] == 0.5
        and groups.loc[("region", "n", "price"), "p_adjusted"] > 0.9
    )
    assert groups.loc[("tier", "gold", CAUSES[0]), "share"] == 1
    assert groups.loc[("tier", "rare", "price"), "suppressed"] and np.isnan(
        groups.loc[("tier", "rare", "price"), "share"]
    )
    months = cause_months(p, left_on, 10, 0.95).set_index(["month", "cause"])["share"]
    assert (
        months[pd.Timestamp("2024-01-01"), CAUSES[0]] == 1
        and months[pd.Timestamp("2024-02-01"), "price"] == 1
    )
    change = cause_change(p, left_on, 0.95).set_index("cause")["difference"]
    assert change["price"] == 1 and change[CAUSES[0]] == -1
    assert cause_change(p[:3], left_on[:3], 0.95).empty


def test_from_what_was_stated_to_what_evidence_says() -> None:
    p = np.array([[0.5, 0.5, 0, 0, 0, 0], [1.0, 0, 0, 0, 0, 0], [0, 0, 1.0, 0, 0, 0]])
    table = cause_stated(p, np.array([1, 1, SILENT]), min_cell=2).set_index(["stated", "cause"])
    assert table.loc[("price", CAUSES[0]), ["churn_events", "share"]].tolist() == [1.5, 0.75]
    assert table.loc[("silent", CAUSES[2]), "suppressed"] and np.isnan(
        table.loc[("silent", CAUSES[2]), "churn_events"]
    )
    members = pd.DataFrame(p, columns=[f"p_{cause}" for cause in CAUSES]).assign(
        status=["churned", "at_risk", "churned"]
    )
    gone, chances = churned_posteriors(members)
    assert len(gone) == 2 and (chances == p[[0, 2]]).all()


def test_groups_of_churned_members() -> None:
    churned = pd.DataFrame(
        {
            "region": ["n", "s", "s"], "tenure_days": [89, 90, np.nan],
            "anchor_on": pd.to_datetime(["2024-02-29", "2024-03-01", "2024-12-01"]),
        }
    )  # fmt: skip
    strata = churned_strata(churned)
    assert strata["region"].tolist() == ["n", "s", "s"] and set(strata) == {"region", "tenure", "season"}
    assert strata["tenure"].tolist()[:2] == ["0-90", "90-180"] and strata["tenure"].isna()[2]
    assert strata["season"].tolist() == ["winter", "spring", "winter"]


def test_churn_under_another_definition_is_the_same_event_if_near_in_time() -> None:
    """All dates of the other definition lie ten days later, but for c's, which is half a year off; d goes on."""
    table = pd.DataFrame(
        {"member_id": list("abcd"), "last": [0, 20, 30, 40], "churned": [True] * 3 + [False]}
    )
    start = pd.Timestamp("2024-01-11")
    days = pd.Series([0, 20, 210, 40])
    churners = pd.DataFrame(
        {"member_id": list("abcd"), "definition": "other", "is_main": False, "last_active_on": start + pd.to_timedelta(days, unit="D")}
    )  # fmt: skip
    main = churners.assign(definition="main", is_main=True)
    events = events_by_definition(table, pd.concat([main, churners]))
    assert list(events) == ["other"] and events["other"].tolist() == [True, True, False, False]


def test_fits_of_methods_for_the_tracker() -> None:
    shares = pd.DataFrame({"cause": ["price", "natural"], "share": [0.7, np.nan]})
    attributions = {
        name: Attribution(np.zeros((0, K)), shares, {"steps": 3.0}) for name in ("survey", "other")
    }
    survey, other = cause_fits(attributions, "survey")
    assert survey.metrics == {"steps": 3.0, "share_price": 0.7} and survey.settings["chosen"]
    assert "cause_shares" in survey.tables and not other.tables and not other.settings["chosen"]
