"""Sentences, tables, rules and figures of the report, in both languages."""

import re

import matplotlib.colors
import numpy as np
import pandas as pd
import pytest

from whychurn.contract.results import columns_of, documented
from whychurn.panel.feature_encoding import Feature
from whychurn.report.drawing import theme
from whychurn.report.risk import charts as figures
from whychurn.report.risk import sentences
from whychurn.risk.evaluation.backtest import cutoffs
from whychurn.risk.explanation.reasons import describe_reason, describe_value
from whychurn.risk.explanation.rules import tree_rules
from whychurn.risk.member_scores import already_gone
from whychurn.risk.model.baselines import shallow_tree
from whychurn.risk.model.training import fit_risk
from whychurn.risk.results import risk_results

SHARE = Feature("discount", "number", "price", "price", "share", 0, "Discount depth", "折扣力度")
DAYS = Feature(
    "quiet", "number", "activity", "engagement", "days", 0, "Days since the last order", "距上次下单天数"
)
FLAG = Feature("opted_out", "flag", "messages", None, "", 0, "Opted out", "已退订")
PLAN = Feature("plan", "category", "term", None, "", 0, "Plan", "套餐", ("basic", "家庭"))


@pytest.mark.parametrize(
    ("feature", "value", "en", "zh"),
    [
        (SHARE, 0.256, "26%", "26%"),
        (DAYS, 1234.0, "1,234 days", "1,234 天"),
        (DAYS, float("nan"), "not known", "未知"),
        (DAYS, -0.2, "0 days", "0 天"),
        (FLAG, 1.0, "yes", "是"),
        (PLAN, 1.0, "家庭", "家庭"),
    ],
)
def test_values_read_well(feature, value, en, zh):
    assert (describe_value(feature, value, "en"), describe_value(feature, value, "zh")) == (en, zh)


def test_reasons_name_the_feature_and_the_direction():
    assert (
        describe_reason(DAYS, 63.0, 0.4, "en")
        == "Days since the last order: 63 days (raises the predicted risk)"
    )
    assert describe_reason(DAYS, 63.0, -0.4, "zh") == "距上次下单天数：63 天（降低预测风险）"


def test_rules_say_what_the_tree_does(params):
    """Leavers are exactly the members quiet for more than 30 days, or opted out."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.integers(0, 60, 3000), rng.random(3000) < 0.3, rng.integers(0, 2, 3000)]).astype(
        "float32"
    )
    y = ((X[:, 0] > 30) | (X[:, 1] == 1)).astype(float)
    features = [DAYS, FLAG, PLAN]
    tree = shallow_tree(
        features, params.model_copy(update={"risk": params.risk.model_copy(update={"tree_depth": 2})})
    ).fit(X, y)
    rules = tree_rules(tree, features, X, y, np.arange(3000))
    texts = dict(zip(rules["rule_en"], rules["rate"], strict=True))
    stay = [rule for rule, rate in texts.items() if rate == 0]
    assert [sorted(rule.split(" and ")) for rule in stay] == [
        ["Days since the last order ≤ 30 days", "Opted out is no"]
    ]
    assert rules["rows"].sum() == 3000
    assert set(rules["rule_zh"].str.contains("已退订为“否”")) == {True, False}


@pytest.fixture
def tables(make_panel, catalogue, params) -> dict[str, pd.DataFrame]:
    panel = make_panel(members=250)
    results = risk_results(panel, fit_risk(panel, catalogue, 90, params), 90, params)
    return results | {"already_gone": already_gone(panel, False, params)}


def test_each_results_column_is_documented(tables):
    assert set(documented()["risk"]) == set(tables)
    for name, table in tables.items():
        assert columns_of(name) == list(table.columns), name


def test_figures_use_theme_colours_and_both_languages(tables):
    importance = tables["risk_shap_features"]
    allowed = {*theme.SERIES, theme.INK, theme.MUTED, theme.GRID, theme.PAPER}
    for lang in ("en", "zh"):
        drawn = [
            figures.draw_models(tables["risk_metrics"], lang),
            figures.draw_reliability(tables["risk_calibration"], lang),
            figures.draw_lift(tables["risk_lift"], lang, 0.05),
            figures.draw_profit(tables["risk_lift"], lang, 0.05, "CNY"),
            figures.draw_backtest(tables["risk_backtest"], lang),
            figures.draw_features(importance, lang, 5),
            figures.draw_groups(tables["risk_shap_groups"], lang),
            figures.draw_beeswarm(tables["risk_shap_points"], importance, lang),
            figures.draw_dependence(tables["risk_shap_dependence"], importance, lang),
            figures.draw_archetypes(tables["risk_archetypes"], lang),
        ]
        for figure in drawn:
            texts = " ".join(axis.get_xlabel() + axis.get_ylabel() for axis in figure.axes)
            assert bool(re.search("[\u4e00-\u9fff]", texts)) == (lang == "zh")
            for line in (line for axis in figure.axes for line in axis.lines):
                assert matplotlib.colors.to_hex(line.get_color()) in allowed


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_tables_name_every_forecast_with_its_interval(tables, lang):
    metrics = tables["risk_metrics"]
    for measures in (sentences.ORDER, sentences.TRUST):
        table = sentences.model_table(metrics, lang, measures)
        assert list(table.columns) == ["model", *measures]
        assert table["model"].is_unique and len(table) == 5
    row = metrics[
        (metrics["model"] == "prior") & (metrics["metric"] == "ece") & (metrics["stratum_kind"] == "all")
    ]
    assert table["ece"].iloc[4].startswith(f"{row['estimate'].iloc[0]:.3f} [{row['low'].iloc[0]:.3f},")
    assert len(sentences.rules_table(tables["risk_tree"], lang, 10)) == len(tables["risk_tree"])
    assert sentences.archetype_table(tables["risk_archetypes"], lang, 10)["name"].notna().all()
    pairs = sentences.pairs_table(tables["risk_shap_interactions"], tables["risk_shap_features"], lang)
    assert pairs["feature_a"].str.startswith("EN" if lang == "en" else "中文").all()


def test_small_cells_are_withheld(tables):
    metrics = tables["risk_metrics"].copy()
    tier = metrics["stratum_kind"].eq("tier") & metrics["stratum"].eq("gold")
    metrics.loc[tier, "members"] = 9
    table = sentences.strata_table(metrics, "en", 10).set_index("stratum")
    assert table.loc["gold", ["members", "events", "rate", "auc"]].isna().all()
    assert table.loc["regular", ["members", "events", "rate", "auc"]].notna().all()
    metrics.loc[tier, ["members", "events"]] = [200, 3]
    few = sentences.strata_table(metrics, "en", 10).set_index("stratum").loc["gold"]
    assert few[["events", "rate", "ece", "auc"]].isna().all() and few["members"] == 200
    assert "金卡" in set(sentences.strata_table(metrics, "zh", 10)["stratum"])


class _Page:
    def __init__(self, lang: str) -> None:
        self.lang = lang

    def say(self, key: str, **values: object) -> str:
        from whychurn.report.words import say

        return say(key, self.lang, **values)

    def format(self, value: object, kind: str) -> str:  # noqa: ARG002
        return str(value)

    def members(self, count: float) -> str:
        return str(count)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_model_that_beats_no_baseline_is_said_so(lang):
    page = _Page(lang)
    won, lost = ({"logistic": side, "prior": side} for side in (True, False))
    some = sentences.verdict({"beats_baseline": {"logistic": False, "prior": True}}, page)
    name = page.say("risk.model_logistic")
    assert (
        len(
            {
                some,
                sentences.verdict({"beats_baseline": won}, page),
                sentences.verdict({"beats_baseline": lost}, page),
            }
        )
        == 3
    )
    assert some.index(page.say("risk.model_prior")) < some.index(name)
    assert ("not shown" if lang == "en" else "未能证明") in some


def test_cutoffs_are_spread_and_leave_room_for_training(make_panel, params):
    panel = make_panel(members=5, months=20)
    days = cutoffs(panel, 90, 90, params.risk.model_copy(update={"backtest_cutoffs": 4}))
    labelled = panel.loc[panel["churned_in_horizon"].notna(), "as_of"]
    assert len(days) == 4
    assert days[-1] == labelled.max()
    assert min(days) >= labelled.min() + pd.Timedelta(days=180)


def test_gains_are_told_at_every_share_with_intervals(tables, params):
    metrics = tables["risk_metrics"]
    table = sentences.gains_table(metrics, params.risk.lift_shares)
    assert table["contacted"].tolist() == params.risk.lift_shares
    mine = metrics[(metrics["model"] == "xgboost") & (metrics["stratum_kind"] == "all")].set_index("metric")
    for share, gain, lift in table.itertuples(index=False):
        told = float(gain.split("%")[0]) / 100
        assert told == pytest.approx(mine.loc[f"gain_{100 * share:g}", "estimate"], abs=6e-4)
        assert float(lift.split()[0]) == pytest.approx(
            mine.loc[f"lift_{100 * share:g}", "estimate"], abs=0.06
        )
        assert re.search(r"\[.*\]", gain) and re.search(r"\[.*\]", lift)


def test_the_embargo_is_told_in_days():
    facts = {
        "as_of": {
            "train": ["2024-01-01"],
            "calibration": ["2024-05-01"],
            "test": ["2024-08-01", "2024-09-01"],
        },
        "known_days": 90,
    }
    text = sentences.embargo(facts, _Page("en"))
    assert "2024-07-30" in text and "2024-08-01" in text
