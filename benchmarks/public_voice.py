"""Causes and sentiment read from public texts, beside the majority, a keyword count, and a supervised linear model.

The lexicon and the polarity words learn nothing here. Texts are split in two by a digest: words were checked on one half
while they were written, all figures are from the other. The supervised model is fitted on the first half's labels, so it
shows what thousands of labels of the same kind are worth; a programme has none on its first day.

Run: python benchmarks/public_voice.py path/to/data [--tasks causes|sentiment|all]
Data: airline_tweets (CrowdFlower), ccf_car_topics (CCF BDCI 2018), semeval2014_restaurants (Pontiki et al. 2014),
telecom_cn_voice (MathorCup 2022 B), online_shopping_10_cats, chnsenticorp_htl, womens_clothing_reviews.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from whychurn.voice.causes.classification_agreement import agreement, keyword_cause
from whychurn.voice.causes.lexicon import load_lexicon
from whychurn.voice.causes.lexicon_classifier import cause_probabilities, concept_scores, leading_cause
from whychurn.voice.sentiment.polarity import load_polarity, sentiment

DRAWS, CONFIDENCE, SEED = 500, 0.95, 0
INTERACTION = (
    "slow_response",
    "staff_attitude",
)  # airline map: service staff against everything about the flight
AIRLINE_WORDS = {
    "interaction": ["service", "agent", "rude", "hold", "call", "phone", "staff", "attendant", "response"],
    "product": ["delay", "late", "cancel", "bag", "luggage", "seat", "book"],
}
ASPECTS = {
    "food": ("quality", "range_stock"),
    "service": ("slow_response", "staff_attitude", "waiting"),
    "ambience": ("facilities",),
}
ASPECT_WORDS = {
    "food": ["food", "dish", "meal", "taste", "delicious", "menu"],
    "service": ["service", "waiter", "staff", "server"],
    "ambience": ["atmosphere", "ambience", "decor", "place", "room"],
    "price": ["price", "expensive", "cheap", "cost", "$"],
}
PRAISE = {
    "positive": ["好", "good", "great", "love", "满意", "喜欢"],
    "negative": ["差", "不", "bad", "not", "worst", "垃圾"],
}


@dataclass(frozen=True)
class Task:
    """Labelled texts, how the shipped words classify them, and the keywords of the floor."""

    name: str
    texts: pd.Series
    labels: pd.Series
    read: Callable[[pd.Series], pd.Series]
    keywords: dict[str, list[str]]


def second_half(keys: pd.Series) -> np.ndarray:
    """Mask of the half that figures are taken from, by digest of the key, so that copies stay together."""
    odd = keys.astype(str).map(lambda key: int(hashlib.md5(key.encode()).hexdigest(), 16) % 2 == 1)
    return odd.to_numpy(dtype=bool)


def read_causes(texts: pd.Series) -> pd.Series:
    """Leading cause of each text."""
    return leading_cause(cause_probabilities(texts))


def read_concepts(groups: dict[str, tuple[str, ...]], rest: str | None) -> Callable[[pd.Series], pd.Series]:
    """Reader that sums concepts by group, all others into `rest`; without any evidence ``none``."""

    def read(texts: pd.Series) -> pd.Series:
        scores = concept_scores(texts)
        sums = {name: scores[list(concepts)].sum(axis=1) for name, concepts in groups.items()}
        if rest is not None:
            sums[rest] = scores.sum(axis=1) - sum(sums.values())
        table = pd.DataFrame(sums)
        return table.idxmax(axis=1).where(table.max(axis=1) > 0, "none")

    return read


def cause_tasks(data: Path) -> Iterator[Task]:
    """Tasks whose labels speak of causes."""
    words = load_lexicon().keywords
    two = {name: words[name] for name in ("product_service", "price")}
    cars = pd.read_csv(data / "ccf_car_topics/ccf_bdci2018_car_train.csv.gz")
    food = pd.read_csv(data / "semeval2014_restaurants/restaurants_train.csv.gz")
    food = food[food["category"] != "anecdotes/miscellaneous"]
    for name, frame, key, label, text in (
        ("ccf cars, negative", cars[cars["sentiment_value"] == -1], "content_id", "subject", "content"),
        ("ccf cars, all", cars, "content_id", "subject", "content"),
        ("semeval, negative", food[food["polarity"] == "negative"], "sentence_id", "category", "text"),
        ("semeval, all", food, "sentence_id", "category", "text"),
    ):
        single = frame[frame.groupby(key)[label].transform("nunique") == 1].drop_duplicates(key)
        price = single[label].isin(["价格", "price"])
        labels = pd.Series(np.where(price, "price", "product_service"), index=single.index)
        yield Task(name, single[text], labels, read_causes, two)
        if name == "semeval, negative":
            prices = tuple(load_lexicon().concepts.query("cause == 'price'")["concept"])
            read = read_concepts({**ASPECTS, "price": prices}, None)
            yield Task("semeval, negative, 4 aspects", single[text], single[label], read, ASPECT_WORDS)
    air = pd.read_csv(data / "airline_tweets/airline_tweets.csv.gz")
    sure = air["negativereason_confidence"] >= 0.6
    air = air[air["negativereason"].notna() & air["negativereason"].ne("Can't Tell") & sure].drop_duplicates(
        "text"
    )
    served = air["negativereason"].isin(["Customer Service Issue", "Flight Attendant Complaints"])
    labels = pd.Series(np.where(served, "interaction", "product"), index=air.index)
    yield Task(
        "airline reasons",
        air["text"],
        labels,
        read_concepts({"interaction": INTERACTION}, "product"),
        AIRLINE_WORDS,
    )


def sentiment_tasks(data: Path) -> Iterator[Task]:
    """Tasks whose labels are polarities."""
    for name, file in (
        ("online shopping (zh)", "online_shopping_10_cats/online_shopping_10_cats.csv.gz"),
        ("hotels (zh)", "chnsenticorp_htl/chnsenticorp_htl_all.csv.gz"),
    ):
        frame = pd.read_csv(data / file).dropna(subset=["review"]).drop_duplicates("review")
        yield Task(
            name, frame["review"], frame["label"].map({1: "positive", 0: "negative"}), two_sided, PRAISE
        )
    worn = pd.read_csv(data / "womens_clothing_reviews/womens_clothing_reviews.csv.gz").dropna(
        subset=["Review Text"]
    )
    texts = worn["Title"].fillna("") + ". " + worn["Review Text"]
    yield Task(
        "clothing, recommended",
        texts,
        worn["Recommended IND"].map({1: "positive", 0: "negative"}),
        two_sided,
        PRAISE,
    )
    air = pd.read_csv(data / "airline_tweets/airline_tweets.csv.gz").drop_duplicates("text")
    yield Task("airline tweets, 3 classes", air["text"], air["airline_sentiment"], three_sided, PRAISE)


def two_sided(texts: pd.Series) -> pd.Series:
    """Positive above zero, else negative."""
    return pd.Series(np.where(sentiment(texts) > 0, "positive", "negative"), index=texts.index)


def three_sided(texts: pd.Series) -> pd.Series:
    """Neutral within the band of polarity.yaml."""
    band, values = load_polarity().settings["neutral"], sentiment(texts)
    return pd.Series(
        np.select([values > band, values < -band], ["positive", "negative"], "neutral"), index=texts.index
    )


def supervised_classes(known: pd.Series, labels: pd.Series, texts: pd.Series, seed: int) -> pd.Series:
    """Classes of `texts` by TF-IDF (words, characters) and a linear SVM trained on `known` and its labels.

    What supervision on these very labels reaches; no labels are needed for the lexicon.
    """
    model = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
            TfidfVectorizer(analyzer="char", ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        ),
        LinearSVC(random_state=seed),
    )
    model.fit(known.tolist(), np.asarray(labels, dtype=object))
    return pd.Series(model.predict(texts.tolist()), index=texts.index)


def measure(task: Task) -> pd.DataFrame:
    """Agreement of each method with the labels of the second half."""
    test = second_half(task.texts)
    texts, labels = task.texts[test], task.labels[test]
    known, known_labels = task.texts[~test], task.labels[~test]
    said = {
        "majority": pd.Series(known_labels.mode().iloc[0], index=texts.index),
        "keyword count": keyword_cause(texts, task.keywords),
        "shipped words": task.read(texts),
        "TF-IDF + SVM, supervised": supervised_classes(known, known_labels, texts, SEED),
    }
    rows = [
        {"task": task.name, "method": name, **agreement(labels, classes, DRAWS, CONFIDENCE, SEED)}
        for name, classes in said.items()
    ]
    return pd.DataFrame(rows)


def telecom(data: Path) -> str:
    """Short problem descriptions of a mobile operator's customers: all are about the network, so only recall shows."""
    voice = pd.read_csv(data / "telecom_cn_voice/voice_satisfaction.csv.gz")
    texts = voice["现象描述"].dropna().astype(str)
    said = read_causes(texts).value_counts(normalize=True)
    shares = ", ".join(f"{name} {share:.2f}" for name, share in said.items())
    return f"telecom, {len(texts)} stated problems (network faults ticked by all): {shares}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--tasks", choices=["causes", "sentiment", "all"], default="all")
    given = parser.parse_args()
    tasks = [] if given.tasks == "sentiment" else list(cause_tasks(given.data))
    tasks += [] if given.tasks == "causes" else list(sentiment_tasks(given.data))
    for task in tasks:
        for row in measure(task).to_dict("records"):
            f1 = f"{row['macro_f1']:.3f} [{row['macro_f1_low']:.3f}, {row['macro_f1_high']:.3f}]"
            kappa = f"{row['kappa']:.3f} [{row['kappa_low']:.3f}, {row['kappa_high']:.3f}]"
            print(
                f"{row['task']:30} {row['method']:26} n {row['n']:6.0f}  acc {row['accuracy']:.3f}  F1 {f1}  kappa {kappa}"
            )
    if given.tasks != "sentiment":
        print(telecom(given.data))


if __name__ == "__main__":
    main()
