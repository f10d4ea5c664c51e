"""The shallow tree as rules that a person can read and check the model against."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from whychurn.labels import LANGUAGES, say
from whychurn.panel.feature_encoding import Feature
from whychurn.risk.explanation.reasons import describe_value

WHOLE: Final = ("days", "count", "points", "month")  # whole numbers: at most 3.5 is at most 3


@dataclass
class _Bounds:
    """What the path to a leaf says of one column of the tree."""

    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True)
class _Column:
    """A column of the tree: a number, or whether a category has one value."""

    feature: Feature
    category: float | None = None


@dataclass
class _Leaf:
    node: int
    path: dict[int, _Bounds] = field(default_factory=dict)


def tree_rules(
    tree: Pipeline, features: list[Feature], X: np.ndarray, y: np.ndarray, members: np.ndarray
) -> pd.DataFrame:
    """Table risk_tree: one row per leaf, highest observed rate first.

    Parameters
    ----------
    tree
        As `baselines.shallow_tree` builds it, fitted.
    X, y, members
        Encoded rows, labels and members of the test period, on which rates are observed.

    Returns
    -------
    leaf, rule_en, rule_zh, p_train (rate in training), rate (in test), share (of test rows), rows,
    members, events.
    """
    fitted, columns = tree[-1], _columns(tree, features)
    at = fitted.apply(tree[:-1].transform(X))
    train_rate = fitted.tree_.value[:, 0, list(fitted.classes_).index(1)]
    lines = []
    for leaf in _leaves(fitted.tree_):
        inside = at == leaf.node
        texts = {f"rule_{lang}": _sentence(leaf.path, columns, lang) for lang in LANGUAGES}
        lines.append(
            {
                **texts,
                "p_train": float(train_rate[leaf.node]),
                "rate": float(y[inside].mean()) if inside.any() else np.nan,
                "share": float(inside.mean()),
                "rows": int(inside.sum()),
                "members": len(np.unique(members[inside])),
                "events": int(y[inside].sum()),
            }
        )
    table = pd.DataFrame(lines).sort_values("p_train", ascending=False, ignore_index=True)
    table.insert(0, "leaf", np.arange(1, len(table) + 1))
    return table


def _columns(tree: Pipeline, features: list[Feature]) -> list[_Column]:
    prepared = tree[0]
    numbers = [_Column(f) for f in features if f.categories is None]
    one_hot = prepared.named_transformers_["category"]
    chosen = [f for f in features if f.categories is not None]
    codes = one_hot[-1].categories_ if chosen else []
    return numbers + [
        _Column(f, float(code)) for f, values in zip(chosen, codes, strict=True) for code in values
    ]


def _leaves(tree: object) -> list[_Leaf]:
    left, right, column, threshold = (
        getattr(tree, name) for name in ("children_left", "children_right", "feature", "threshold")
    )
    leaves, open_nodes = [], [_Leaf(0)]
    while open_nodes:
        at = open_nodes.pop()
        if left[at.node] < 0:
            leaves.append(at)
            continue
        split, cut = int(column[at.node]), float(threshold[at.node])
        before = at.path.get(split, _Bounds())
        below, above = _Bounds(before.low, min(before.high, cut)), _Bounds(max(before.low, cut), before.high)
        open_nodes.append(_Leaf(int(right[at.node]), {**at.path, split: above}))
        open_nodes.append(_Leaf(int(left[at.node]), {**at.path, split: below}))
    return leaves


def _sentence(path: dict[int, _Bounds], columns: list[_Column], lang: str) -> str:
    if not path:
        return say("risk.rule_all", lang)
    return say("risk.rule_and", lang).join(_condition(columns[i], bounds, lang) for i, bounds in path.items())


def _condition(column: _Column, bounds: _Bounds, lang: str) -> str:
    feature, name = column.feature, column.feature.label(lang)
    if column.category is not None:
        value = describe_value(feature, column.category if column.category >= 0 else np.nan, lang)
        return say("risk.rule_is" if bounds.low > 0 else "risk.rule_is_not", lang, name=name, value=value)
    if feature.kind == "flag":
        return say(
            "risk.rule_is", lang, name=name, value=describe_value(feature, float(bounds.low > 0), lang)
        )
    whole = feature.unit in WHOLE
    edges = [np.floor(edge) if whole else edge for edge in (bounds.low, bounds.high)]
    low, high = ("" if np.isinf(edge) else describe_value(feature, edge, lang) for edge in edges)
    if np.isinf(bounds.low):
        return say("risk.rule_at_most", lang, name=name, value=high)
    if np.isinf(bounds.high):
        return say("risk.rule_above", lang, name=name, value=low)
    return say("risk.rule_between", lang, name=name, low=low, high=high)
