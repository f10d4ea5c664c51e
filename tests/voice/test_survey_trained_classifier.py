"""What surveys teach: used where it helps on comments it did not see, never from the future."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.voice.causes.lexicon_classifier import P_COLUMNS, cause_probabilities, leading_cause
from whychurn.voice.causes.survey_trained_classifier import (
    CauseClassifier,
    fit_cause_classifier,
    log_pool,
    stated_reason_check,
)

SLANG = dict(
    zip(CAUSES, ["glorp", "zibble", "quonk", "frimp", "vundle", "trask"], strict=True)
)  # in no lexicon
UNTIL = pd.Timestamp("2024-10-01")


@pytest.fixture(scope="module")
def params():
    return load_params(StudyPaths.at())


def comments(number: int, noise: float, seed: int = 0, words: dict[str, str] | None = None) -> pd.DataFrame:
    """Comments whose one telling word goes with the true cause; `noise` of the stated reasons say price instead."""
    rng = np.random.default_rng(seed)
    true = rng.choice(CAUSES, number)
    filler = ["well", "honestly", "after all", "you know", "for a while", "this year", "my view"]
    told = words or SLANG
    return pd.DataFrame(
        {
            "text": [
                f"{rng.choice(filler)} the {told[c]} again {rng.choice(filler)} {n}"
                for n, c in enumerate(true)
            ],
            "reason": np.where(rng.random(number) < noise, "price", true),
            "known_on": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(np.sort(rng.integers(0, 364, number)), unit="D"),
            "language": "en",
            "true": true,
        }
    )


def test_words_that_the_lexicon_lacks_are_learned(params) -> None:
    texts = comments(900, noise=0.3)
    reader = fit_cause_classifier(texts, UNTIL, params.voice)
    assert reader.weight > 0
    new = texts[texts["known_on"] >= UNTIL]
    assert (leading_cause(cause_probabilities(new["text"])) == "none").all()
    said = leading_cause(reader.probabilities(new["text"]))
    assert (said == new["true"]).mean() > 0.95, "over-stated price does not drown the rest"
    check = stated_reason_check(reader, texts, UNTIL, params).set_index(["language", "method"])
    assert check.loc[("all", "pooled"), "kappa_low"] > check.loc[("all", "lexicon"), "kappa_high"]
    assert check.loc[("all", "pooled"), "n"] == len(new)


def test_a_lexicon_that_says_it_all_stands_alone(params) -> None:
    words = dict(
        zip(
            CAUSES,
            [
                "broken zipper",
                "overpriced fee",
                "spam emails",
                "no events",
                "better deal elsewhere",
                "moving abroad",
            ],
            strict=True,
        )
    )
    noise = comments(900, noise=0.0, words=words)
    noise["reason"] = np.random.default_rng(1).permutation(noise["reason"])  # reasons that tell nothing
    reader = fit_cause_classifier(noise, UNTIL, params.voice)
    said = leading_cause(reader.probabilities(noise["text"]))
    assert (said == noise["true"]).mean() > 0.9


@pytest.mark.parametrize("change", ["few", "one_cause", "no_reason", "empty"])
def test_too_little_to_learn_from_leaves_the_lexicon(params, change: str) -> None:
    texts = comments(900, noise=0.0)
    if change == "few":
        texts = texts.head(params.voice.learn_min_comments - 1)
    elif change == "one_cause":
        texts = texts.assign(reason="price")
    elif change == "no_reason":
        texts = texts.assign(reason=None)
    else:
        texts = texts.assign(text="")
    reader = fit_cause_classifier(texts, UNTIL, params.voice)
    assert reader.weight == 0 and reader.model is None
    given = pd.Series(["too expensive", None])
    pd.testing.assert_frame_equal(reader.probabilities(given), cause_probabilities(given))
    assert set(stated_reason_check(reader, texts, UNTIL, params)["method"]) <= {
        "majority",
        "keywords",
        "lexicon",
    }


def test_nothing_is_learned_from_the_future(params) -> None:
    texts = comments(900, noise=0.1)
    later = texts["known_on"] >= UNTIL
    other = texts.copy()
    other.loc[later, "reason"] = "natural"
    other.loc[later, "text"] = "trask quonk"
    given = texts["text"].head(50)
    one, two = (fit_cause_classifier(t, UNTIL, params.voice).probabilities(given) for t in (texts, other))
    pd.testing.assert_frame_equal(one, two)


def test_the_order_of_rows_does_not_matter(params) -> None:
    texts = comments(600, noise=0.1)
    given = texts["text"].head(50)
    one, two = (
        fit_cause_classifier(t, UNTIL, params.voice).probabilities(given)
        for t in (texts, texts.sample(frac=1, random_state=3))
    )
    assert np.allclose(one, two, atol=1e-6)


def test_the_pool_is_the_formula() -> None:
    lexicon = pd.DataFrame([[0.5, 0.2, 0.05, 0.05, 0.05, 0.05, 0.1]], columns=list(P_COLUMNS))
    learned = pd.DataFrame([[0.1, 0.6, 0.05, 0.05, 0.05, 0.05, 0.1]], columns=list(P_COLUMNS))
    a, b = np.array([0.5, 0.2, 0.05, 0.05, 0.05, 0.05]), np.array([0.1, 0.6, 0.05, 0.05, 0.05, 0.05])
    for weight in (0.0, 0.3, 1.0):
        expected = (a / a.sum()) ** (1 - weight) * (b / b.sum()) ** weight
        expected = 0.9 * expected / expected.sum()
        assert np.allclose(log_pool(lexicon, learned, weight).iloc[0, :6], expected)
    assert np.allclose(log_pool(lexicon, learned, 0.3).sum(axis=1), 1)


def test_a_reader_without_texts_says_nothing() -> None:
    assert CauseClassifier().probabilities(pd.Series([], dtype=object)).empty
