"""Each baseline of attribution on planted votes: better than chance where they carry a signal, chance where
they do not.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.evidence.grounds import Grounds
from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.causes.exposures.exposure_history import ExposureHistory
from whychurn.causes.member_weeks.weeks_at_risk import PersonWeeks
from whychurn.causes.methods import Inputs, find_method, mean_shares, normalised, stated_shares
from whychurn.causes.methods.majority_vote import ABSTAINS, source_votes
from whychurn.causes.methods.survey_classifier import fit_softmax
from whychurn.causes.tables.attributions_and_shares import attribute_by
from whychurn.contract.causes import CAUSES, LEAST_SAID
from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import StudyPaths
from whychurn.panel.exit_surveys import NOT_ASKED, OTHER, SILENT

K = len(CAUSES)
PRICE = CAUSES.index("price")
LEAVERS = 1200
NOTHING = np.zeros((0, 2 * K), "float32")
NO_WEEKS = PersonWeeks(np.zeros(0, int), np.zeros(0, int), np.zeros(0), NOTHING, np.zeros(0, "int8"))
BASELINES = (
    "survey", "keyword", "shap_family", "survey_classifier", "corrected_classifier",
    "majority_vote", "dawid_skene",
)  # fmt: skip


@pytest.fixture(scope="module")
def params() -> Params:
    return load_params(StudyPaths.at())


def given(
    stated: np.ndarray,
    before: np.ndarray | None = None,
    after: np.ndarray | None = None,
    churned: np.ndarray | None = None,
    **further: np.ndarray,
) -> Inputs:
    """What methods read: answers (codes), texts and words after leaving (codes, `ABSTAINS` where none), all
    else silent.
    """
    n = len(stated)
    gone = np.ones(n, bool) if churned is None else churned
    exposed = further.get("exposed", np.zeros((n, K), "float32"))
    history = ExposureHistory(
        np.tile(np.arange(K), 2), ["base"] * K + [f"met_{cause}" for cause in CAUSES], np.ones(2 * K), NO_WEEKS,
        NO_WEEKS, np.concatenate([np.ones((n, K)), exposed], axis=1), NO_WEEKS,
    )  # fmt: skip
    texts = [np.zeros((n, K + 1)) if part is None else one_hot(part) for part in (before, after)]
    anchors = pd.DataFrame({"status": np.where(gone, "churned", "at_risk")})
    labels = NoisyLabels(stated, *texts)
    evidence = Evidence(None, anchors, np.arange(n), np.ones(n, bool), history, labels, None, None)  # type: ignore[arg-type]
    features = further.get("features", np.zeros((n, K)))
    table = pd.DataFrame(features, columns=[f"x_{cause}" for cause in CAUSES])
    said = Grounds(pd.DataFrame({"cause": [], "sign": []}), answers=n, texts=n)
    return Inputs(evidence, said, table, further.get("words", np.zeros((n, K))), further.get("raised"))


def one_hot(votes: np.ndarray) -> np.ndarray:
    """Votes as texts are read: all of one cause, nothing where there is none; (n, 7)."""
    return np.eye(K + 1)[np.maximum(votes, 0)] * (votes != ABSTAINS)[:, None]


def voted(rng: np.random.Generator, true: np.ndarray, right: float) -> np.ndarray:
    """Votes that name the true cause with chance `right`, else any of the other five."""
    other = (true + rng.integers(1, K, len(true))) % K
    return np.where(rng.random(len(true)) < right, true, other)


def planted(seed: int, signal: bool) -> tuple[np.ndarray, Inputs]:
    """Leavers whose every source says something of their cause, or of somebody else's."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, K, LEAVERS)
    shown = true if signal else rng.permutation(true)
    stated = np.where(rng.random(LEAVERS) < 0.35, voted(rng, shown, 0.75), SILENT)
    before, after = (np.where(rng.random(LEAVERS) < 0.5, voted(rng, shown, 0.6), ABSTAINS) for _ in range(2))
    noise = rng.normal(size=(3, LEAVERS, K))
    hit = np.eye(K)[shown]
    further = {
        "exposed": 4 * hit * (rng.random(LEAVERS) < 0.6)[:, None],
        "words": np.maximum(hit + 0.5 * noise[0], 0) * (rng.random(LEAVERS) < 0.7)[:, None],
        "raised": hit + 0.6 * noise[1],
        "features": hit + 0.5 * noise[2],
    }
    return true, given(stated, before, after, **further)


def accuracy(p: np.ndarray, true: np.ndarray) -> float:
    return float((p.argmax(axis=1) == true).mean())


def log_loss(p: np.ndarray, true: np.ndarray) -> float:
    return float(-np.log(np.maximum(p[np.arange(len(true)), true], 1e-3)).mean())


@pytest.mark.parametrize("method", BASELINES)
def test_finds_a_planted_signal(params: Params, method: str) -> None:
    true, inputs = planted(1, signal=True)
    found = find_method(method)(inputs, params)
    assert found.p.shape == (LEAVERS, K) and found.p.sum(axis=1) == pytest.approx(1)
    assert accuracy(found.p, true) > 1 / K + 0.15
    assert found.p.std(axis=0).mean() > 0.05


@pytest.mark.parametrize(
    "method", ["survey_classifier", "corrected_classifier", "majority_vote", "dawid_skene"]
)
def test_chances_are_worth_more_than_the_shares_alone(params: Params, method: str) -> None:
    true, inputs = planted(1, signal=True)
    assert log_loss(find_method(method)(inputs, params).p, true) < 0.8 * np.log(K)


@pytest.mark.parametrize("method", BASELINES)
def test_is_chance_where_the_sources_speak_of_somebody_else(params: Params, method: str) -> None:
    true, inputs = planted(2, signal=False)
    p = find_method(method)(inputs, params).p
    assert accuracy(p, true) == pytest.approx(1 / K, abs=0.045)  # four standard errors
    assert log_loss(p, true) > 0.99 * np.log(K)


@pytest.mark.parametrize("method", BASELINES)
def test_without_any_source_nothing_is_told_of_anybody(params: Params, method: str) -> None:
    p = find_method(method)(given(np.full(50, NOT_ASKED)), params).p
    assert p == pytest.approx(np.full((50, K), 1 / K))


def votes_of_three(seed: int, leavers: int) -> tuple[np.ndarray, np.ndarray]:
    """The exit survey is right 80 times of 100 and else says price; two kinds of texts are right half of the
    time.

    Sources at chance would leave nothing to learn from: votes that do not depend on each other fit any
    confusion.
    """
    rng = np.random.default_rng(seed)
    true = np.arange(leavers) % K
    answers = np.where(rng.random(leavers) < 0.8, true, PRICE)
    return true, np.stack([answers, voted(rng, true, 0.5), voted(rng, true, 0.5)])


def ask_after(votes: np.ndarray, asked: np.ndarray, params: Params) -> np.ndarray:
    """What Dawid-Skene, having read the `votes` (3, leavers), says of members with the votes `asked` (3,
    members).
    """
    stated, before, after = np.concatenate([votes, asked], axis=1)
    gone = np.arange(len(stated)) < votes.shape[1]
    stated = np.where(stated == ABSTAINS, SILENT, stated)
    return find_method("dawid_skene")(given(stated, before, after, gone), params).p[~gone]


def confusion_of(source: int, votes: np.ndarray, params: Params) -> np.ndarray:
    """Confusion matrix that Dawid-Skene has found of one source, read off its answers; (cause, vote).

    Of a silent member it says the shares; of one with a single vote s, shares times column s of the
    confusion, up to a factor. Rows that sum to one give the six factors.
    """
    asked = np.full((3, K + 1), ABSTAINS)
    asked[source, 1:] = np.arange(K)
    p = ask_after(votes, asked, params)
    column = (p[1:] / p[0]).T
    return column * np.linalg.solve(column, np.ones(K))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_dawid_skene_finds_how_far_each_source_can_be_trusted(params: Params, seed: int) -> None:
    true, votes = votes_of_three(seed, leavers=3000)
    found = [confusion_of(source, votes, params) for source in range(3)]
    drawn = [pd.crosstab(true, vote).to_numpy() / np.bincount(true)[:, None] for vote in votes]
    trust = [float(np.diag(matrix).mean()) for matrix in found]
    assert trust == pytest.approx([float(np.diag(matrix).mean()) for matrix in drawn], abs=0.1)
    assert max(float(np.abs(one - other).mean()) for one, other in zip(found, drawn, strict=True)) < 0.06
    others = np.delete(np.arange(K), PRICE)
    wrong = found[0][others] - np.diag(np.diag(found[0]))[others]
    assert (wrong.argmax(axis=1) == PRICE).all(), "what the survey says of other causes where it is wrong"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_dawid_skene_trusts_the_good_source_most_even_of_few_leavers(params: Params, seed: int) -> None:
    _, votes = votes_of_three(seed, leavers=200)
    survey, *texts = (np.diag(confusion_of(source, votes, params)).mean() for source in range(3))
    assert survey > max(texts)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_dawid_skene_gives_the_good_source_more_weight(params: Params, seed: int) -> None:
    """Survey against one text, the other silent: the survey is believed, where a majority vote is undecided."""
    _, votes = votes_of_three(seed, leavers=1200)
    others = np.delete(np.arange(K), PRICE)
    good, noisy = (part.ravel() for part in np.meshgrid(others, others))
    good, noisy = good[good != noisy], noisy[good != noisy]
    none, rows = np.full(len(good), ABSTAINS), np.arange(len(good))
    p = ask_after(votes, np.stack([good, noisy, none]), params)
    assert (p[rows, good] > p[rows, noisy]).mean() > 0.85
    equal = find_method("majority_vote")(given(good, noisy), params).p
    assert equal[rows, good] == pytest.approx(equal[rows, noisy])


def test_votes_of_the_sources(params: Params) -> None:
    """Survey, words after, texts before, behaviour; "other" and silence are no votes, and a text about none
    is none.
    """
    exposed = np.zeros((4, K))
    exposed[3, 2] = 5.0
    inputs = given(
        np.array([1, OTHER, SILENT, NOT_ASKED]), np.array([0, ABSTAINS, K, 2]), np.array([3, 4, ABSTAINS, K]),
        exposed=exposed,
    )  # fmt: skip
    votes = source_votes(inputs)
    none = ABSTAINS
    assert votes.tolist() == [[1, 3, 0, none], [none, 4, none, none], [none] * 4, [none, none, 2, 2]]
    p = find_method("majority_vote")(inputs, params).p
    usual = np.array([1, 1, 2, 1, 1, 0]) / 6  # of all six votes
    assert p[0] == pytest.approx((np.array([1, 1, 0, 1, 0, 0]) + usual / 2) / 3.5)
    assert p[2] == pytest.approx(usual)


def test_survey_takes_the_answer_and_spreads_the_silent(params: Params) -> None:
    p = find_method("survey")(given(np.array([0, 0, PRICE, OTHER, SILENT])), params).p
    assert p[:3] == pytest.approx(np.eye(K)[[0, 0, PRICE]])
    spread = np.array([2, 1, 0, 0, 0, 0]) / 3
    assert p[3:] == pytest.approx(np.stack([spread, spread]))


def test_keyword_and_shap_take_parts_of_their_sum(params: Params) -> None:
    words = np.array([[3.0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]])
    raised = np.array([[0.3, -2, 0, 0.1, 0, 0], [-1, -1, -1, -1, -1, -1]])
    inputs = given(np.full(2, NOT_ASKED), words=words, raised=raised)
    keyword = find_method("keyword")(inputs, params).p
    assert keyword == pytest.approx(np.array([[0.75, 0.25, 0, 0, 0, 0]] * 2))  # without words, as the others
    shap = find_method("shap_family")(inputs, params).p
    assert shap == pytest.approx(np.array([[0.75, 0, 0, 0.25, 0, 0], [1 / K] * K]))


def test_corrected_classifier_undoes_answers_that_say_price(params: Params) -> None:
    """A quarter says price whatever the cause: taken as they are, answers of the silent would say so too."""
    rng = np.random.default_rng(4)
    true = rng.integers(0, K, LEAVERS)
    said = np.where(rng.random(LEAVERS) < 0.25, PRICE, true)
    stated = np.where(rng.random(LEAVERS) < 0.4, said, SILENT)
    inputs = given(stated, features=np.eye(K)[true] + rng.normal(scale=0.5, size=(LEAVERS, K)))
    plain, corrected = (
        find_method(name)(inputs, params) for name in ("survey_classifier", "corrected_classifier")
    )
    off = {
        name: found.shares["share"][PRICE] - (true == PRICE).mean()
        for name, found in (("plain", plain), ("corrected", corrected))
    }
    assert off["plain"] > 0.1 and abs(off["corrected"]) < 0.75 * off["plain"]
    assert log_loss(corrected.p, true) < log_loss(plain.p, true)


def test_softmax_learns_soft_labels_and_leaves_rows_without_weight_out() -> None:
    x = np.repeat(np.array([[-1.0], [1.0]]), 100, axis=0)
    target = np.repeat(np.array([[0.9, 0.1, 0, 0, 0, 0], [0.2, 0.8, 0, 0, 0, 0]]), 100, axis=0)
    assert fit_softmax(x, target, np.ones(200), c=1e4)[[0, -1]] == pytest.approx(target[[0, -1]], abs=0.01)
    first = fit_softmax(x, np.eye(K)[np.repeat([0, 1], 100)], np.repeat([1.0, 0.0], 100), c=1e4)
    assert first[:, 0] == pytest.approx(1)  # the only cause that teaches


def test_means_of_chances(params: Params) -> None:
    p = np.eye(K)[[0, 0, 0, 1, 5]]
    table = mean_shares(p, np.array([True, True, True, True, False]), params).set_index("cause")
    assert table["share"].tolist() == [0.75, 0.25, 0, 0, 0, 0]
    assert (table["low"] <= table["share"]).all() and (table["share"] <= table["high"]).all()
    assert table["low"][CAUSES[0]] < 0.75 < table["high"][CAUSES[0]]
    nobody = mean_shares(p, np.zeros(5, bool), params)
    assert nobody["share"].isna().all() and len(nobody) == K


def test_small_arithmetic_of_shares() -> None:
    assert stated_shares(np.array([0, 0, 3, OTHER, SILENT])).tolist() == pytest.approx(
        [2 / 3, 0, 0, 1 / 3, 0, 0]
    )
    assert stated_shares(np.array([SILENT, NOT_ASKED, OTHER])) == pytest.approx(1 / K)
    found = normalised(np.array([[1.0, 3.0], [0.0, 0.0]]), np.array([0.2, 0.8]))
    assert found.tolist() == [[0.25, 0.75], [0.2, 0.8]]


@pytest.mark.parametrize(
    ("method", "answers", "texts", "told"),
    [
        ("survey", LEAST_SAID, 0, True),
        ("survey", LEAST_SAID - 1, 10 * LEAST_SAID, False),
        ("keyword", 0, LEAST_SAID, True),
        ("keyword", 10 * LEAST_SAID, LEAST_SAID - 1, False),
        ("majority_vote", LEAST_SAID, 0, True),
        ("majority_vote", LEAST_SAID - 1, LEAST_SAID - 1, False),
    ],
)
def test_a_method_answers_where_enough_was_said_of_what_it_reads(
    params: Params, method: str, answers: int, texts: int, told: bool
) -> None:
    said = Grounds(pd.DataFrame({"cause": [], "sign": []}), answers=answers, texts=texts)
    found = attribute_by(method, replace(planted(1, signal=True)[1], grounds=said), params)
    assert found.p.shape == (LEAVERS, K) and found.shares["cause"].tolist() == list(CAUSES)
    assert np.isnan(found.p).all() != told and found.shares["share"].isna().all() != told


def test_answers_alone_by_hand(params: Params) -> None:
    """Of 40 answers 30 say price and 10 competition; the 20 silent leavers are taken to be like them."""
    stated = np.repeat([PRICE, CAUSES.index("competition"), SILENT], [30, 10, 20])
    found = attribute_by("survey", given(stated), params)
    share = found.shares.set_index("cause")["share"]
    assert share[["price", "competition"]].tolist() == pytest.approx([0.75, 0.25])
    assert share.drop(["price", "competition"]).sum() == pytest.approx(0)
    assert found.p[0, PRICE] == 1 and found.p[-1, PRICE] == pytest.approx(0.75)
