"""Cause classifier trained on survey comments with a stated reason, pooled with the lexicon if that helps.

A stated reason is a noisy label: "price" is ticked too often. So classes weigh the same however often
they were ticked, the model is strongly regularised, and it may only move the lexicon's answer as far as
comments that it did not see bear out.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params, VoiceParams
from whychurn.contract.results import columns_of
from whychurn.voice.causes.classification_agreement import agreement, keyword_cause
from whychurn.voice.causes.lexicon_classifier import P_COLUMNS, cause_probabilities, leading_cause
from whychurn.voice.text.ngrams import text_grams

CHECK_COLUMNS: Final = columns_of("text_cause_check")
_FLOOR: Final = 1e-3  # probabilities are pooled on the log scale
REGULARISATION: Final = 0.3  # inverse, of the logistic model
HELD_OUT: Final = 0.3  # latest share of the comments, on which the weight is chosen
WEIGHTS: Final = (
    0.0,
    0.1,
    0.2,
    0.3,
    0.4,
    0.5,
    0.6,
    0.7,
    0.8,
)  # of the model against the lexicon; never it alone


@dataclass(frozen=True)
class CauseClassifier:
    """Causes of texts: the lexicon, and the model of stated reasons with weight `weight` (0: not used).

    Parameters
    ----------
    weight
        Share of the learned model in the logarithmic pool.
    model
        Fitted pipeline, or None.
    choice
        One row a candidate weight: weight, loss, error; empty where nothing could be learned.
    """

    weight: float = 0.0
    model: Any = None
    choice: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["weight", "loss", "error"]))

    def probabilities(self, texts: pd.Series) -> pd.DataFrame:
        """As `lexicon_classifier.cause_probabilities`, pooled with the fitted model."""
        lexicon = cause_probabilities(texts)
        if self.weight == 0.0 or self.model is None:
            return lexicon
        return log_pool(lexicon, classifier_probabilities(self.model, texts), self.weight)


def fit_cause_classifier(texts: pd.DataFrame, until: pd.Timestamp, voice: VoiceParams) -> CauseClassifier:
    """Fit on survey comments with a stated reason, known before `until`.

    The comments are split by time; the model is fitted on the earlier ones without texts that recur
    later, and the weight of the pool is the smallest whose balanced log loss on the later ones is within
    one standard error of the best (Breiman et al. 1984). Then the model is fitted on all of them.

    Parameters
    ----------
    texts
        text, reason, known_on; rows without a reason among the six causes are not used.
    until
        First day whose texts are not used for fitting.

    Returns
    -------
    The lexicon alone where fewer than ``learn_min_comments`` comments, or fewer than two causes, are there.
    """
    stated_comments = stated(texts)
    stated_comments = stated_comments[stated_comments["known_on"] < until].sort_values(
        ["known_on", "text"], kind="stable"
    )
    late = round(len(stated_comments) * HELD_OUT)
    early, later = (
        stated_comments.iloc[: len(stated_comments) - late],
        stated_comments.iloc[len(stated_comments) - late :],
    )
    early = early[~early["text"].isin(set(later["text"]))]
    enough = (
        len(stated_comments) >= voice.learn_min_comments and len(later) > 1 and early["reason"].nunique() > 1
    )
    if not enough:
        return CauseClassifier()
    model = _fit(early)
    lexicon = cause_probabilities(later["text"])
    learned = classifier_probabilities(model, later["text"])
    rows = []
    for weight in WEIGHTS:
        losses, balance = _losses(log_pool(lexicon, learned, weight), later["reason"])
        loss = float(np.average(losses, weights=balance))
        error = float(np.sqrt(np.sum((balance * (losses - loss)) ** 2)) / balance.sum())
        rows.append({"weight": weight, "loss": loss, "error": error})
    choice = pd.DataFrame(rows)
    best = choice.loc[choice["loss"].idxmin()]
    weight = float(choice.loc[choice["loss"] <= best["loss"] + best["error"], "weight"].min())
    return CauseClassifier(weight, _fit(stated_comments) if weight > 0 else None, choice)


def stated(texts: pd.DataFrame) -> pd.DataFrame:
    """Rows with a text and a stated reason among the six causes: text, reason, known_on, language."""
    reason = texts["reason"].astype("string")
    kept = reason.isin(CAUSES) & texts["text"].astype("string").str.strip().fillna("").ne("")
    return texts[kept].assign(reason=reason[kept].astype(object), text=texts.loc[kept, "text"].astype(object))


def classifier_probabilities(model: Any, texts: pd.Series) -> pd.DataFrame:
    """Probabilities by the model of stated reasons; the more even over the causes, the larger ``p_none``.

    The share of "none" is the normalised entropy of the model's answer: a text without any word it knows
    is even, so it names nothing. Null for empty texts.
    """
    given = texts.astype("string").str.strip().fillna("")
    causes = np.zeros((len(texts), len(CAUSES)))
    if len(texts):
        places = [CAUSES.index(name) for name in model.classes_]
        causes[:, places] = model.predict_proba(given.tolist())
    causes = np.maximum(causes, _FLOOR)
    causes /= causes.sum(axis=1, keepdims=True)
    none = -(causes * np.log(causes)).sum(axis=1, keepdims=True) / np.log(len(CAUSES))
    whole = pd.DataFrame(np.hstack([causes * (1 - none), none]), columns=list(P_COLUMNS), index=texts.index)
    return whole.mask(given.eq(""))


def log_pool(lexicon: pd.DataFrame, learned: pd.DataFrame, weight: float) -> pd.DataFrame:
    """Logarithmic opinion pool, ``p ~ lexicon^(1 - weight) * learned^weight`` (Genest & Zidek 1986).

    ``p_none`` is the smaller of both (with weight 0 the lexicon's): a text names a cause if either reader
    hears one. Rows sum to 1.
    """
    causes, none = list(P_COLUMNS[:-1]), P_COLUMNS[-1]
    logs = [
        np.log(p[causes].clip(lower=_FLOOR).div(p[causes].sum(axis=1), axis=0)) for p in (lexicon, learned)
    ]
    mixed = pd.DataFrame((1 - weight) * logs[0] + weight * logs[1])
    raised = pd.DataFrame(np.exp(mixed.sub(mixed.max(axis=1), axis=0)))
    silent = np.minimum(lexicon[none], learned[none]) if weight > 0 else lexicon[none]
    shares = raised.div(raised.sum(axis=1, skipna=False), axis=0)
    return shares.mul(1 - silent, axis=0).assign(**{none: silent})


def stated_reason_check(
    classifier: CauseClassifier, texts: pd.DataFrame, until: pd.Timestamp, params: Params
) -> pd.DataFrame:
    """Agreement of each method with the reasons stated from `until` on, which no fit or choice has used.

    Returns
    -------
    One row per language (``all``, zh, en) and method of `TEXT_CLASSIFIERS`: `CHECK_COLUMNS`.
    """
    stated_comments = stated(texts)
    earlier, new = (
        stated_comments[stated_comments["known_on"] < until],
        stated_comments[stated_comments["known_on"] >= until],
    )
    majority = earlier["reason"].mode().iloc[0] if len(earlier) else CAUSES[0]
    pooled = classifier.probabilities(new["text"])
    predictions = {
        "majority": pd.Series(majority, index=new.index),
        "keywords": keyword_cause(new["text"]),
        "lexicon": leading_cause(cause_probabilities(new["text"])),
        "learned": leading_cause(classifier_probabilities(classifier.model, new["text"]))
        if classifier.model
        else None,
        "pooled": leading_cause(pooled) if classifier.weight else None,
    }
    rows = []
    for language in ("all", "zh", "en"):
        chosen = new.index if language == "all" else new.index[new["language"] == language]
        for method, classes in predictions.items():
            if classes is not None:
                figures = agreement(
                    new.loc[chosen, "reason"],
                    classes[chosen],
                    params.voice.draws,
                    params.run.confidence,
                    params.run.seed,
                )
                rows.append({"language": language, "method": method, "weight": classifier.weight, **figures})
    return pd.DataFrame(rows, columns=list(CHECK_COLUMNS))


def _losses(predictions: pd.DataFrame, reasons: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Log loss of each comment among the six causes, and weights by which the causes count the same."""
    causes = predictions[list(P_COLUMNS[:-1])].to_numpy(dtype=float)
    causes = causes / causes.sum(axis=1, keepdims=True)
    places = np.array([CAUSES.index(reason) for reason in reasons])
    balance = 1.0 / reasons.map(reasons.value_counts()).to_numpy(dtype=float)
    return -np.log(causes[np.arange(len(causes)), places]), balance


def _fit(stated_comments: pd.DataFrame) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(
        TfidfVectorizer(analyzer=text_grams, min_df=2, sublinear_tf=True),
        LogisticRegression(C=REGULARISATION, class_weight="balanced", max_iter=500),
    )
    return model.fit(stated_comments["text"].tolist(), stated_comments["reason"].to_numpy())
