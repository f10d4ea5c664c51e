"""Topics of public texts: what they cost, what fitting on a sample loses, and which method finds them best.

python benchmarks/voice.py path/to/data cost [TEXTS ...]   # 62 773 Chinese reviews, or resampled to other sizes
python benchmarks/voice.py path/to/data sample [FULL]      # topics of a sample against topics of FULL texts
python benchmarks/voice.py path/to/data methods [SEEDS ORDERS]   # UMAP + HDBSCAN, K-means, NMF (10 and 3)

Each size runs in a process of its own, so that peak memory is its own. A resampled text joins halves of two reviews:
copies would be folded into one and cost nothing.
Data: online_shopping_10_cats, ccf_car_topics (CCF BDCI 2018), airline_tweets (CrowdFlower), semeval2014_restaurants.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.voice.text.corpus import TEXT_COLUMNS, Corpus, build_corpus
from whychurn.voice.text.deduplicate import deduplicate
from whychurn.voice.topics.discovery import find_topics
from whychurn.voice.topics.method_comparison import compare_methods

DAY = pd.Timestamp("2024-01-01")
MEMBERS, SEED = 20_000, 0


def read_reviews(data: Path) -> pd.DataFrame:
    """Reviews with their category."""
    return pd.read_csv(data / "online_shopping_10_cats/online_shopping_10_cats.csv.gz").dropna(
        subset=["review"]
    )


def resample(reviews: pd.Series, number: int) -> pd.Series:
    """`number` texts; beyond what there is, two halves of reviews drawn at random are put together."""
    random = np.random.default_rng(SEED)
    if number <= len(reviews):
        return reviews.iloc[np.sort(random.permutation(len(reviews))[:number])]
    one, other = (reviews.to_numpy()[random.integers(0, len(reviews), number - len(reviews))] for _ in "ab")
    mixed = [a[: len(a) // 2] + b[len(b) // 2 :] for a, b in zip(one, other, strict=True)]
    return pd.concat([reviews, pd.Series(mixed)], ignore_index=True)


def as_texts(texts: pd.Series) -> pd.DataFrame:
    """The texts as the stage gathers them, from `MEMBERS` members over a year."""
    number = len(texts)
    frame = pd.DataFrame(index=range(number), columns=list(TEXT_COLUMNS))
    frame["feedback_id"] = [f"f{n:07d}" for n in range(number)]
    frame["member_id"] = [f"m{n % MEMBERS}" for n in range(number)]
    frame["known_on"] = DAY + pd.to_timedelta(np.arange(number) * 365 // number, unit="D")
    frame["text"] = texts.to_numpy()
    return frame


def measure_cost(data: Path, number: int) -> None:
    """From texts to named topics of all of them: seconds by step, peak memory."""
    texts, params = as_texts(resample(read_reviews(data)["review"], number)), load_params(StudyPaths.at())
    start, used = time.perf_counter(), time.process_time()
    corpus = build_corpus(texts, params.voice)
    prepared = time.perf_counter()
    found = find_topics(corpus, pd.Timestamp.max, params, params.privacy.min_cell)
    end, used = time.perf_counter(), time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    outliers = found.distinct.loc[corpus.distinct["state"].eq("ok"), "topic_id"].lt(0).mean()
    print(
        f"{number:>8,} texts ({len(corpus.distinct):,} distinct): {end - start:6.1f} s "
        f"(words {prepared - start:.1f}, topics {end - prepared:.1f}), {used:.1f} s of processor time, "
        f"{1e6 * used / number:.0f} us a text, "
        f"peak {peak:4.2f} GB, {len(found.model.named)} topics, {outliers:.1%} without; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    if number <= len(read_reviews(data)):
        print("         " + "; ".join(found.model.named["label_zh"].head(8)), flush=True)


def measure_sample(data: Path, full: int) -> None:
    """Agreement of the topics given by models fitted on samples with those of a model fitted on `full` texts."""
    texts = as_texts(resample(read_reviews(data)["review"], full))
    corpus = build_corpus(texts, load_params(StudyPaths.at()).voice)
    whole = [assign(corpus, full, seed) for seed in (7, 8)]
    print(f"{full:,} texts, all fitted on, two seeds: {agreement(*whole)}", flush=True)
    for number in (1500, 3000, 6000, 12_000):
        own = [assign(corpus, number, seed) for seed in (7, 8)]
        against = [agreement(one, whole[0]) for one in own[:1]]
        print(
            f"  fitted on {number:,}: with all {against[0]}; between two seeds {agreement(*own)}", flush=True
        )


def assign(corpus: Corpus, sample: int, seed: int) -> np.ndarray:
    """Topic of each text, by a model fitted on `sample` texts."""
    params = load_params(StudyPaths.at(), {"run": {"seed": seed}, "voice": {"fit_sample": sample}})
    found = find_topics(corpus, pd.Timestamp.max, params, 1)
    return found.distinct.loc[corpus.distinct["state"].eq("ok"), "topic_id"].to_numpy()


def agreement(one: np.ndarray, other: np.ndarray) -> str:
    """Adjusted Rand index and adjusted mutual information; texts without topic count as one topic."""
    return f"ARI {adjusted_rand_score(one, other):.2f}, AMI {adjusted_mutual_info_score(one, other):.2f}"


def labelled_sets(data: Path) -> Iterator[tuple[str, str, pd.Series, pd.Series]]:
    """Name, language, texts, and what people said they are about."""
    shop = read_reviews(data)
    yield "shop reviews, 10 categories", "zh", shop["review"], shop["cat"]
    cars = pd.read_csv(data / "ccf_car_topics/ccf_bdci2018_car_train.csv.gz")
    cars = cars[~cars["content_id"].duplicated(keep=False)]
    yield "car forum, 10 subjects", "zh", cars["content"], cars["subject"]
    air = pd.read_csv(data / "airline_tweets/airline_tweets.csv.gz")
    air = air[air["negativereason"].notna() & air["negativereason"].ne("Can't Tell")].drop_duplicates("text")
    yield "airline complaints, 9 reasons", "en", air["text"], air["negativereason"]
    food = pd.read_csv(data / "semeval2014_restaurants/restaurants_train.csv.gz")
    food = food[~food["sentence_id"].duplicated(keep=False)]
    yield "restaurants, 5 aspects", "en", food["text"], food["category"]


def measure_methods(data: Path, seeds: int, orders: int) -> None:
    """The comparison that the stage makes, on labelled texts, at the size that the stage fits on."""
    voice = load_params(StudyPaths.at()).voice
    more = {"stability_seeds": seeds, "stability_orders": orders, "stability_sample": voice.fit_sample}
    params = load_params(StudyPaths.at(), {"voice": more})
    parts = []
    for name, language, texts, labels in labelled_sets(data):
        texts, labels = texts.astype(str).reset_index(drop=True), labels.reset_index(drop=True)
        distinct_id, distinct = deduplicate(texts, voice.boilerplate, voice.max_characters)
        told = pd.Series(labels.to_numpy(), index=distinct_id.to_numpy()).groupby(level=0).first()
        distinct = distinct[distinct["state"].eq("ok") & distinct["space"].eq(language)]
        table = compare_methods(distinct, told.reindex(distinct.index), language, params)
        parts.append(table.assign(texts_of=name))
        shown = table.drop(columns=["language", "used", "labelled"]).round(3)
        print(f"{name}\n{shown.to_string(index=False)}", flush=True)
    whole = pd.concat(parts)
    figures = ["npmi", "diversity", "label_agreement", "seed_ari", "order_ari", "word_overlap"]
    ranks = whole.groupby("texts_of")[figures].rank(ascending=False).groupby(whole["method"]).mean()
    print(f"mean rank over the sets (1: best)\n{ranks.round(2).to_string()}")


def main() -> None:
    """Run one of the three."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("what", choices=["cost", "sample", "methods"])
    parser.add_argument("numbers", type=int, nargs="*")
    given = parser.parse_args()
    if given.what == "methods":
        measure_methods(given.data, *(given.numbers or (10, 3)))
    elif given.what == "sample":
        measure_sample(given.data, *(given.numbers or (20_000,)))
    elif len(given.numbers) == 1:
        measure_cost(given.data, given.numbers[0])
    else:
        for number in given.numbers or (10_000, 62_773, 300_000):
            subprocess.run([sys.executable, __file__, str(given.data), "cost", str(number)], check=True)


if __name__ == "__main__":
    main()
