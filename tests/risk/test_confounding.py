"""SHAP explains the model, not the world: a feature without any effect stands high."""

import numpy as np
import pandas as pd
import yaml

from whychurn.contract.paths import PROJECT
from whychurn.panel.feature_encoding import choose_features, encode
from whychurn.risk.explanation.shap_values import explain_sample, feature_importance
from whychurn.risk.model.boosting import Settings, fit_booster, training_matrix


def _world(rows: int, coupons_set_to: float | None = None, seed: int = 0) -> pd.DataFrame:
    """Unhappiness makes members leave, and makes the company send coupons; coupons themselves do nothing."""
    rng = np.random.default_rng(seed)
    unhappy = rng.normal(size=rows)
    coupons = 2 * unhappy + rng.normal(scale=0.5, size=rows)
    if coupons_set_to is not None:
        coupons = np.full(rows, coupons_set_to)
    leaves = rng.random(rows) < 1 / (1 + np.exp(-(1.5 * unhappy - 1)))  # coupons do not enter
    noisy = unhappy + rng.normal(scale=1.5, size=rows)  # what the survey sees of unhappiness
    return pd.DataFrame(
        {"coupons": coupons, "complaints": noisy, "leaves": leaves, "as_of": pd.Timestamp("2024-01-01")}
    )


def test_shap_points_at_a_feature_whose_true_effect_is_zero(params):
    world = _world(6000)
    entries = {"family": "x", "cause": None, "kind": "number", "unit": "", "monotone": 0}
    catalogue = pd.DataFrame([{"name": n, "en": n, "zh": n, **entries} for n in ("coupons", "complaints")])
    features, _ = choose_features(world, np.ones(len(world), dtype=bool), catalogue)
    X, settings = encode(world, features), Settings.of(params)
    data = training_matrix(X, world["leaves"].to_numpy().astype(float), features, settings)
    booster = fit_booster(data, {"eta": 0.2, "max_depth": 3}, 60, settings)
    importance = feature_importance(explain_sample(booster, X, features, 2000, 0)).set_index("feature")
    assert importance.loc["coupons", "share"] > 0.6  # the model leans on coupons …

    # … yet setting them by hand changes nothing
    many, none = (_world(40_000, coupons_set_to=value, seed=1)["leaves"].mean() for value in (4.0, -4.0))
    assert abs(many - none) < 0.01


def test_the_report_carries_the_warning_in_plain_words():
    text = (PROJECT / "notebooks" / "30_risk.py").read_text(encoding="utf-8")
    assert "explain the model, not the world" in text
    assert "解释的是模型，而不是现实" in text
    titles = yaml.safe_load(
        (PROJECT / "src" / "whychurn" / "report" / "words" / "risk.yaml").read_text(encoding="utf-8")
    )
    shown = {key: words for key, words in titles.items() if key.startswith("fig_") and "note" not in key}
    assert not [key for key, words in shown.items() if "cause" in words["en"].replace("candidate cause", "")]
