"""Sentiment fitted on the study's own ratings, and the correlation of sentiment with ratings."""

from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.params import Params, VoiceParams
from whychurn.contract.results import columns_of
from whychurn.stats.bootstrap import percentiles
from whychurn.voice.sentiment.polarity import sentiment
from whychurn.voice.text.ngrams import text_grams

RATED_COLUMNS: Final = columns_of("sentiment_check")


def rate_scale(ratings: pd.Series) -> pd.Series:
    """Ratings on -1..1: of 1 to 5 where none is above 5 or below 1, else of 0 to 10."""
    low, high = (1.0, 5.0) if ratings.min() >= 1 and ratings.max() <= 5 else (0.0, 10.0)
    return (2 * (ratings - low) / (high - low) - 1).clip(-1, 1)


def fit_sentiment_model(texts: pd.DataFrame, until: pd.Timestamp, voice: VoiceParams) -> Any:
    """Ridge regression of the rating on words and characters, of texts known before `until`.

    Parameters
    ----------
    texts
        text, rating, known_on.

    Returns
    -------
    Fitted model; None where ``sentiment_from`` is ``words`` or fewer than ``learn_min_ratings`` texts are rated.
    """
    if voice.sentiment_from != "ratings":
        return None
    rated = _rated(texts)
    rated = rated[rated["known_on"] < until]
    if len(rated) < voice.learn_min_ratings or rated["rating"].nunique() < 2:
        return None
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(TfidfVectorizer(analyzer=text_grams, min_df=3, sublinear_tf=True), Ridge(alpha=3.0))
    return model.fit(rated["text"].tolist(), rate_scale(rated["rating"]).to_numpy())


def predict_sentiment(model: Any, texts: pd.Series) -> pd.Series:
    """Sentiment by `model`, or by words where it is None; -1..1, null for empty texts."""
    words = sentiment(texts)
    if model is None or not len(texts):
        return words
    values = np.clip(model.predict(texts.astype("string").fillna("").tolist()), -1, 1)
    return pd.Series(values, index=texts.index, name="sentiment").where(words.notna())


def rating_check(model: Any, texts: pd.DataFrame, until: pd.Timestamp, params: Params) -> pd.DataFrame:
    """Rank correlation of sentiment with the rating given beside the text, from `until` on, by language.

    Returns
    -------
    `RATED_COLUMNS`; percentile bootstrap intervals over texts. Without ratings, no rows.
    """
    rated = _rated(texts)
    rated = rated[rated["known_on"] >= until]
    read = {"words": sentiment(rated["text"])}
    if model is not None:
        read["ratings"] = predict_sentiment(model, rated["text"])
    rows = []
    for language in ("all", "zh", "en"):
        chosen = rated.index if language == "all" else rated.index[rated["language"] == language]
        if len(chosen) > 2:
            for method, values in read.items():
                correlation = _spearman(
                    values[chosen].to_numpy(), rated.loc[chosen, "rating"].to_numpy(dtype=float), params
                )
                rows.append((language, method, len(chosen), *correlation))
    return pd.DataFrame(rows, columns=list(RATED_COLUMNS))


def _rated(texts: pd.DataFrame) -> pd.DataFrame:
    written = texts["text"].astype("string").str.strip().fillna("").ne("")
    rated = texts[written & texts["rating"].notna()]
    return rated.assign(text=rated["text"].astype(object))


def _spearman(predicted: np.ndarray, rating: np.ndarray, params: Params) -> tuple[float, float, float]:
    from scipy.stats import rankdata

    ranks = np.column_stack([rankdata(predicted), rankdata(rating)])
    random, values = np.random.default_rng(params.run.seed), []
    for draw in [
        np.arange(len(predicted)),
        *(random.integers(0, len(predicted), (params.voice.draws, len(predicted)))),
    ]:
        a, b = ranks[draw].T  # ranks of the whole sample: close to ranking again, and much cheaper
        flat = a.std() == 0 or b.std() == 0
        values.append(np.nan if flat else float(np.corrcoef(a, b)[0, 1]))
    return values[0], *percentiles(np.array(values[1:]), params.run.confidence)
