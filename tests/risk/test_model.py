"""One fit of a small panel whose truth is known: quality, additivity, reasons, determinism, native files."""

import json

import numpy as np
import pandas as pd
import pytest
import shap
import xgboost as xgb
from sklearn.metrics import roc_auc_score

from whychurn.contract.codes import RISK_BASELINES, RISK_MODEL, RISK_MODELS
from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.panel.feature_encoding import choose_features, encode
from whychurn.risk.evaluation.holdout import beats_baselines, flat_metrics
from whychurn.risk.facts import metadata, model_facts, run_facts
from whychurn.risk.member_scores import (
    already_gone,
    member_contributions,
    rows_to_score,
    score_block,
    score_members,
)
from whychurn.risk.model.boosting import (
    Settings,
    fit_booster,
    predict_contributions,
    predict_margin,
    training_matrix,
)
from whychurn.risk.model.training import fit_risk
from whychurn.risk.results import risk_results
from whychurn.risk.saved_model import FILES, panel_size, write_model


@pytest.fixture
def fitted(make_panel, catalogue, params):
    panel = make_panel(members=700, months=16, seed=3)
    return panel, fit_risk(panel, catalogue, 90, params)


def test_the_whole_assessment(fitted, params, tmp_path):
    panel, trained = fitted
    tables = risk_results(panel, trained, 90, params)
    _check_metrics(tables["risk_metrics"], panel, trained)
    _check_scores(tables["risk_scores"], panel, params)
    _check_explanation(tables)
    made = model_facts(trained, {"definition": "inactivity_90d", "horizon_days": 90}, params.risk)
    write_model(tmp_path, trained, metadata(made, tables["risk_metrics"], panel_size(panel), params))
    _check_files(tmp_path, panel, tables["risk_scores"])
    facts = run_facts(
        made, tables["risk_metrics"], tables["risk_scores"], already_gone(panel, False, params), params
    )
    json.dumps(facts)
    assert facts["status"] == "ok"
    assert facts["high_risk"] == (tables["risk_scores"]["p_churn"] >= params.business.high_risk).sum()


def test_blocks_of_members_change_no_score(fitted, params):
    panel, trained = fitted
    rows, scorer = rows_to_score(panel), trained.scorer
    whole, part = score_members(panel, scorer, 90, params), member_contributions(rows, scorer)
    pd.testing.assert_frame_equal(
        score_block(rows.iloc[:7], scorer, 90, params), whole.head(7), check_exact=True
    )
    assert len(whole) == len(rows) > 100 and whole["reasons"].str.len().min() > 100
    for blocks in (2, 7):
        size = -(-len(rows) // blocks)
        parted = score_members(panel, scorer, 90, params, block_members=size)
        pd.testing.assert_frame_equal(whole, parted, check_exact=True)
        some = member_contributions(rows.iloc[size:], scorer)
        assert np.array_equal(part[size:], some)


def test_spark_gives_the_same_scores(fitted, params, spark):
    panel, trained = fitted
    whole = score_members(panel, trained.scorer, 90, params)
    parted = score_members(panel, trained.scorer, 90, params, spark, block_members=-(-len(whole) // 7))
    pd.testing.assert_frame_equal(whole, parted, check_exact=True)


def _check_metrics(metrics, panel, trained):
    whole = metrics[metrics["stratum_kind"] == "all"].set_index(["model", "metric"])
    assert set(whole.index.get_level_values("model")) == set(RISK_MODELS) == {RISK_MODEL, *RISK_BASELINES}
    assert whole.groupby("model").size().nunique() == 1
    assert set(metrics["stratum_kind"]) == {"all", "difference", "month", "tier"}
    test = panel[trained.split.rows("test")]
    ceiling = roc_auc_score(test["churned_in_horizon"].astype(float), test["p_true"])
    assert whole.loc[(RISK_MODEL, "auc"), "estimate"] > ceiling - 0.03
    inside = whole["low"] <= whole["high"] + 1e-12
    assert inside.all()
    beaten = beats_baselines(metrics)
    assert beaten["prior"] and set(beaten) == set(RISK_BASELINES)
    assert flat_metrics(metrics)[f"{RISK_MODEL}.auc"] == pytest.approx(
        whole.loc[(RISK_MODEL, "auc"), "estimate"], abs=1e-6
    )


def _check_scores(scores, panel, params):
    latest = panel[panel["as_of"] == panel["as_of"].max()]
    assert sorted(scores["member_id"]) == sorted(latest["member_id"])
    assert scores["p_churn"].between(0, 1).all()
    assert (scores["p_churn_low"] <= scores["p_churn"]).all() and (
        scores["p_churn"] <= scores["p_churn_high"]
    ).all()
    truth = latest.set_index("member_id").loc[scores["member_id"], "p_true"].to_numpy()
    assert np.corrcoef(scores["p_churn"], truth)[0, 1] > 0.9
    reasons = json.loads(scores["reasons"].iloc[0])
    assert len(reasons) == params.risk.top_reasons
    sizes = [abs(reason["contribution"]) for reason in reasons]
    assert sizes == sorted(sizes, reverse=True)
    for reason in reasons:
        assert set(reason) == {"feature", "value", "contribution", "text_en", "text_zh"}
        assert (
            ("raises" in reason["text_en"]) == (reason["contribution"] > 0) == ("推高" in reason["text_zh"])
        )
        assert reason["text_en"].startswith("EN ") and reason["text_zh"].startswith("中文 ")


def _check_explanation(tables):
    top = tables["risk_shap_features"]["feature"].head(3)
    assert set(top) == {"days_since_last_order", "returned_before", "plan_taken"}
    assert tables["risk_shap_features"].set_index("feature").loc["days_since_last_order", "direction"] > 0.9
    assert "member_id" not in tables["risk_shap_points"]
    rules = tables["risk_tree"]
    assert rules["share"].sum() == pytest.approx(1)
    assert rules.loc[0, "p_train"] > rules.loc[len(rules) - 1, "p_train"]
    assert (rules["rate"].corr(rules["p_train"])) > 0.9
    assert not rules["rule_zh"].str.contains(" and ").any()
    assert tables["risk_archetypes"]["members"].sum() == len(tables["risk_archetype_members"])
    assert tables["risk_backtest"]["cutoff_on"].nunique() == 2


def _check_files(folder, panel, scores):
    """A reader that knows only the documented format gets the same probabilities."""
    assert {path.name for path in folder.iterdir()} == set(FILES)
    booster = xgb.Booster(model_file=str(folder / "model.ubj"))
    features = json.loads((folder / "features.json").read_text(encoding="utf-8"))["features"]
    curve = json.loads((folder / "calibrator.json").read_text(encoding="utf-8"))
    latest = panel[panel["as_of"] == panel["as_of"].max()]
    columns = []
    for feature in features:
        values = latest[feature["name"]]
        if feature["kind"] == "category":
            values = values.map({text: code for code, text in enumerate(feature["categories"])})
        columns.append(values.astype("float64").to_numpy(na_value=np.nan))
    data = xgb.DMatrix(
        np.column_stack(columns).astype("float32"),
        feature_names=[f["name"] for f in features],
        feature_types=["c" if f["kind"] == "category" else "q" for f in features],
        enable_categorical=True,
    )
    raw = booster.predict(data)
    assert np.interp(raw, curve["x"], curve["y"]) == pytest.approx(scores["p_churn"].to_numpy(), abs=1e-5)
    assert np.interp(raw, curve["x"], curve["high"]) == pytest.approx(
        scores["p_churn_high"].to_numpy(), abs=1e-5
    )


def test_same_seed_same_scores(make_panel, catalogue, params):
    panel = make_panel(members=150)
    first, second = (fit_risk(panel, catalogue, 90, params) for _ in range(2))
    X = encode(panel, first.features)
    assert np.array_equal(first.probability(RISK_MODEL, X), second.probability(RISK_MODEL, X))
    assert first.booster.save_raw("ubj") == second.booster.save_raw("ubj")


def _numeric_booster(params, catalogue, panel):
    numbers = catalogue[catalogue["kind"] != "category"]
    features, _ = choose_features(panel, np.ones(len(panel), dtype=bool), numbers)
    X, settings = encode(panel, features), Settings.of(params)
    y = (panel["p_true"] > 0.3).to_numpy().astype(float)
    chosen = {"eta": 0.3, "max_depth": 3}
    return fit_booster(training_matrix(X, y, features, settings), chosen, 20, settings), X


def test_contributions_add_up_and_agree_with_the_shap_package(make_panel, catalogue, params):
    booster, X = _numeric_booster(params, catalogue, make_panel(members=60))
    values = predict_contributions(booster, X)
    assert np.abs(values.sum(axis=1) - predict_margin(booster, X)).max() < 1e-4
    reference = shap.TreeExplainer(booster).shap_values(
        xgb.DMatrix(X[:50], feature_names=booster.feature_names)
    )
    assert np.abs(values[:50, :-1] - reference).max() < 1e-3


def test_unknown_category_and_null_are_missing(make_panel, catalogue):
    panel = make_panel(members=30)
    features, _ = choose_features(panel, np.ones(len(panel), dtype=bool), catalogue)
    row = panel.head(2).copy()
    row["plan_taken"] = ["never seen", None]
    column = [feature.name for feature in features].index("plan_taken")
    assert np.isnan(encode(row, features)[:, column]).all()


def test_features_without_information_are_left_out(make_panel, catalogue):
    panel = make_panel(members=30, months=6)
    panel["noise"] = np.nan
    panel["discount_depth_90d"] = 0.0
    more = pd.concat([catalogue, catalogue.head(1).assign(name="elsewhere")])
    _, left_out = choose_features(panel, np.ones(len(panel), dtype=bool), more)
    assert left_out == {
        "noise": "constant",
        "discount_depth_90d": "constant",
        "month_of_year": "calendar",
        "elsewhere": "absent",
    }


def test_parameters_of_the_project_are_sound():
    risk = load_params(StudyPaths(PROJECT)).risk
    assert {0.01, 0.05, 0.1, 0.2} <= set(risk.lift_shares)
    assert risk.backtest_cutoffs >= 4
