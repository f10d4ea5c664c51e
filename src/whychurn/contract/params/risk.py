"""Who is next."""

from typing import Annotated

from pydantic import Field

from whychurn.contract.params.section_base import Count, Fraction, NotNegative, Positive, Section, Several


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
    lift_shares: list[Fraction] = [0.01, 0.05, 0.1, 0.2]
    """Shares of members contacted at which lift is told."""
    bootstrap: Several = 200
    """Resamples of members behind intervals."""
    backtest_cutoffs: Count = 5
    """Past days on which the model is fitted and tested again."""
    shap_rows: Count = 4000
    """Rows that are explained for the charts."""
    interaction_rows: Count = 100
    """Rows on which pairs of features are explained."""
    beeswarm_points: Count = 250
    """Members of the beeswarm chart."""
    archetypes: Count = 5
    """Groups of members at high risk with like reasons."""
    top_reasons: Count = 3
    """Reasons told of a member."""
