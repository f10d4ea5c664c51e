"""Who is next."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from whychurn.contract.params.section import Count, Fraction, NotNegative, Positive, Section, Several


class RiskParams(Section):
    """Split, search, evaluation and explanation of the risk model."""

    calibration_months: Count = 3
    """Snapshots between training and test, on which probabilities are calibrated."""
    test_months: Count = 3
    """Last labelled snapshots, on which the model is tested."""
    min_events: Count = 30
    """Fewer leavers (or stayers) in training or calibration: no model."""
    trials: Count = 12
    """Settings tried in the search."""
    search_seconds: Count = 240
    """Guard only: the number of trials ends the search."""
    search_rows: Count = 30000
    """Rows of the training period used in the search."""
    search_folds: Count = 2
    """Later, embargoed snapshots of the training period."""
    search_space: dict[str, Annotated[list[int | float], Field(min_length=2, max_length=2)]] = {
        "eta": [0.05, 0.3],
        "max_depth": [3, 6],
        "min_child_weight": [1.0, 200.0],
        "subsample": [0.6, 1.0],
        "colsample_bytree": [0.4, 1.0],
        "reg_lambda": [0.1, 30.0],
    }
    """Bounds of the search; whole numbers are searched as such."""
    monotone_loss: NotNegative | None = 0.0
    """Impose the catalogue's directions if log loss rises by at most this; null: never."""
    max_rounds: Count = 400
    """Most trees."""
    early_stopping: Count = 25
    """Trees without a gain after which boosting stops."""
    bins: Several = 64
    """Histogram bins a feature."""
    threads: Count = 1
    """Threads of a fit; fixed, so that every machine adds in the same order."""
    logistic_c: Positive = 0.1
    """Inverse regularisation of the logistic baseline."""
    tree_depth: Count = 4
    """Depth of the tree baseline."""
    tree_leaf_share: Annotated[float, Field(gt=0, le=0.5)] = 0.01
    """Smallest leaf of the tree baseline, as a share of rows."""
    calibration_folds: Several = 5
    """Folds in which a calibrator is chosen."""
    ece_bins: Count = 15
    """Bins of the calibration error."""
    lift_shares: list[Fraction] = [0.01, 0.05, 0.1, 0.2]
    """Shares of members contacted at which lift is told."""
    bootstrap: Several = 200
    """Resamples of members behind intervals."""
    backtest_cutoffs: Count = 5
    """Past days on which the model is fitted and tested again."""
    backtest_rows: Count = 40000
    """Training rows at each cut-off."""
    shap_rows: Count = 4000
    """Rows that are explained for the charts."""
    interaction_rows: Count = 100
    """Rows on which pairs of features are explained."""
    interaction_pairs: Count = 10
    """Pairs of features that are told."""
    beeswarm_features: Count = 10
    """Features of the beeswarm chart."""
    beeswarm_points: Count = 250
    """Members of the beeswarm chart."""
    dependence_features: Count = 6
    """Features with a dependence curve."""
    dependence_bins: Several = 12
    """Points of a dependence curve."""
    archetypes: Count = 5
    """Groups of members at high risk with like reasons."""
    top_reasons: Count = 3
    """Reasons told of a member."""
