"""Agreement of predicted causes with labels: macro-F1, Cohen's kappa, and simple baselines."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from whychurn.stats.bootstrap import percentiles
from whychurn.voice.causes.lexicon import load_lexicon

NONE: Final = "none"
AGREEMENT_COLUMNS: Final = (
    "n", "accuracy", "macro_f1", "macro_f1_low", "macro_f1_high", "kappa", "kappa_low", "kappa_high",
)  # fmt: skip


def agreement(
    labels: Sequence[str] | pd.Series,
    predicted: Sequence[str] | pd.Series,
    draws: int,
    confidence: float,
    seed: int,
) -> dict[str, float]:
    """Agreement of `predicted` with `labels`, with percentile bootstrap intervals over texts.

    Parameters
    ----------
    labels, said
        One class a text, same length. A class that only `predicted` knows (``none``) is an error wherever
        it stands, and is no class of the macro average.
    draws, confidence, seed
        Of the bootstrap. Texts are drawn through the table of both classes, which is the same as drawing
        rows.

    Returns
    -------
    `AGREEMENT_COLUMNS`; null where there are no texts, kappa null where all fall into one class.

    Notes
    -----
    Cohen 1960: ``kappa = (p_o - p_e) / (1 - p_e)``, p_e the agreement of independent raters with these margins.
    """
    true, guess = np.asarray(labels, dtype=object), np.asarray(predicted, dtype=object)
    if not len(true):
        return {"n": 0.0, **dict.fromkeys(AGREEMENT_COLUMNS[1:], float("nan"))}
    classes = sorted(set(true), key=str)
    names = [*classes, *sorted(set(guess) - set(classes), key=str)]
    place = {name: i for i, name in enumerate(names)}
    table = np.zeros((len(names), len(names)))
    np.add.at(table, ([place[name] for name in true], [place[name] for name in guess]), 1)
    drawn = np.random.default_rng(seed).multinomial(len(true), (table / len(true)).ravel(), size=draws)
    drawn = drawn.reshape(draws, len(names), len(names)).astype(float)
    result = {"n": float(len(true)), "accuracy": float(np.trace(table) / len(true))}
    for name, measure in (("macro_f1", _macro_f1), ("kappa", _kappa)):
        values = measure(drawn, len(classes))
        result[name] = float(measure(table[None], len(classes))[0])
        low, high = percentiles(values, confidence)
        result |= {f"{name}_low": low, f"{name}_high": high}
    return result


def _macro_f1(tables: np.ndarray, classes: int) -> np.ndarray:
    hit = np.diagonal(tables, axis1=1, axis2=2)[:, :classes]
    both = tables.sum(axis=2)[:, :classes] + tables.sum(axis=1)[:, :classes]
    present = tables.sum(axis=2)[:, :classes] > 0  # a class that a draw missed is not averaged
    scores = np.divide(2 * hit, both, out=np.zeros_like(hit), where=both > 0)
    return np.where(present, scores, 0).sum(axis=1) / np.maximum(1, present.sum(axis=1))


def _kappa(tables: np.ndarray, _: int) -> np.ndarray:
    n = tables.sum(axis=(1, 2))
    observed = np.trace(tables, axis1=1, axis2=2) / n
    expected = (tables.sum(axis=1) * tables.sum(axis=2)).sum(axis=1) / n**2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected < 1, (observed - expected) / (1 - expected), np.nan)


def keyword_cause(texts: Iterable[str], keywords: Mapping[str, list[str]] | None = None) -> pd.Series:
    """Keyword baseline: the class with most of its few keywords in the text, else ``none``.

    No negation, no weights, no phrases: the floor beside which the lexicon is shown. Ties go to the first
    class.

    Parameters
    ----------
    keywords
        Class -> pieces of text in lower case; those of the six causes that ship with the lexicon, if not given.
    """
    series = texts if isinstance(texts, pd.Series) else pd.Series(list(texts), dtype="object")
    lower = series.fillna("").astype(str).str.lower()
    words = keywords if keywords is not None else load_lexicon().keywords
    counts = pd.DataFrame({name: sum(lower.str.count(word) for word in words[name]) for name in words})
    return counts.idxmax(axis=1).where(counts.max(axis=1) > 0, NONE)
