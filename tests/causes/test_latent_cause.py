"""The additive hazard finds what was planted in data drawn from its own model, and respects its constraints."""

from __future__ import annotations

import operator
from dataclasses import replace
from functools import reduce
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.causes.exposures.exposure_history import ExposureHistory
from whychurn.causes.latent_cause import tape_blocks
from whychurn.causes.latent_cause.accelerated_em import Accelerated, accelerated_em
from whychurn.causes.latent_cause.additive_hazard_em import (
    AdditiveHazard,
    cause_hazards,
    fit_additive,
    posterior_of_exposures,
)
from whychurn.causes.latent_cause.avoidable_churn import CohortExposures, avoidable_shares, cohort_exposures
from whychurn.causes.latent_cause.confusion_matrices import (
    RESPONSE_SPREAD,
    SaidCounts,
    count_said,
    fit_confusion,
    prior_confusion,
)
from whychurn.causes.latent_cause.em_steps import Assumptions, EmSteps
from whychurn.causes.latent_cause.hazard_priors import EXCESS_SHARE
from whychurn.causes.latent_cause.tape_blocks import (
    EventSums,
    TapeBlock,
    cut_rows,
    cut_tape,
    expect_block,
    posterior_block,
)
from whychurn.causes.member_weeks.weeks_at_risk import PersonWeeks, totals_by_spell
from whychurn.causes.methods.additive_hazard import confusion_table, exposure_contributions
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams, load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.panel.exit_surveys import NOT_ASKED, SILENT
from whychurn.stats.parallel import parallel_map

STAYS, WEEKS = 6000, 40
BASE, EFFECT = 0.0004, np.array([0.010, 0.006, 0.004, 0.005, 0.008, 0.007])


@pytest.fixture(scope="module")
def params() -> CausesParams:
    return load_params(StudyPaths(PROJECT)).causes


@pytest.fixture(scope="module")
def drawn() -> tuple[ExposureHistory, NoisyLabels, np.ndarray, np.ndarray]:
    """Members whose exposures switch on for a while; hazards add up; some leavers answer, mostly truly."""
    rng = np.random.default_rng(5)
    causes = np.concatenate([np.arange(6), np.arange(6)])
    names = ["base"] * 6 + [f"met_{cause}" for cause in CAUSES]
    start = rng.integers(-20, WEEKS, (STAYS, 6))
    week = np.arange(WEEKS)
    on = ((week[None, :, None] >= start[:, None, :]) & (week[None, :, None] < start[:, None, :] + 12)).astype(
        "float32"
    )
    hazard = np.concatenate([np.full((STAYS, WEEKS, 6), BASE), on * EFFECT], axis=2)
    total = hazard.sum(axis=2)
    passed = np.cumsum(total, axis=1) > rng.exponential(size=STAYS)[:, None]
    gone = passed.any(axis=1)
    left = np.where(gone, passed.argmax(axis=1), WEEKS)
    x = np.concatenate([np.ones((STAYS, WEEKS, 6), "float32"), on], axis=2)
    stay, at = np.nonzero(week[None, :] < np.minimum(left + 1, WEEKS)[:, None])
    risk = PersonWeeks(stay, at, np.ones(len(stay)), x[stay, at], np.zeros(len(stay), "int8"))
    who = np.flatnonzero(gone)
    decisions = PersonWeeks(who, left[who], np.ones(len(who)), x[who, left[who]], np.zeros(len(who), "int8"))
    nobody = np.zeros((STAYS, 12), "float32")
    history = ExposureHistory(causes, names, np.ones(12), risk, decisions, nobody, totals_by_spell(risk))
    by_cause = hazard[who, left[who]][:, :6] + hazard[who, left[who]][:, 6:]
    p = by_cause / by_cause.sum(axis=1, keepdims=True)
    true = (np.cumsum(p, axis=1) < rng.random(len(who))[:, None]).sum(axis=1)
    stated = np.full(STAYS, NOT_ASKED)
    stated[who] = -1
    answers = rng.random(len(who)) < 0.3
    lies = rng.random(len(who)) < 0.25
    stated[who[answers]] = np.where(lies, 1, true)[answers]
    labels = NoisyLabels(stated, np.zeros((STAYS, 7)), np.zeros((STAYS, 7)))
    return history, labels, true, p


def test_finds_effects_posteriors_and_shares(drawn, params) -> None:
    history, labels, true, p = drawn
    fitted = fit_additive(history, labels, params)
    assert np.abs(fitted.coefficients[6:] - EFFECT).max() < 0.0052  # three standard errors of the smallest
    assert np.sqrt(((fitted.p - p) ** 2).mean()) < 0.17
    shares = np.bincount(true, minlength=6) / len(true)
    assert np.abs(fitted.p.mean(axis=0) - shares).max() < 0.075  # half of what the survey is off
    survey = np.bincount(labels.stated[labels.stated >= 0], minlength=6) / (labels.stated >= 0).sum()
    assert np.abs(survey - shares).max() > 0.15  # what the answers alone would say
    assert fitted.p.sum(axis=1) == pytest.approx(1)


def test_shares_follow_exposures_where_everyone_says_price(drawn, params) -> None:
    history, labels, true, _ = drawn
    lying = replace(labels, stated=np.where(labels.stated >= 0, 1, labels.stated))
    fitted = fit_additive(history, lying, params)
    assert (true == 1).mean() < 0.25 and fitted.p[:, 1].mean() < 0.6  # the survey alone says 1.0
    others = fitted.p[:, [0, 2, 3, 4, 5]].mean(axis=0)
    assert (others > 0.03).all()


def test_an_exposure_never_protects(drawn, params) -> None:
    history, labels, *_ = drawn
    flipped = replace(
        history.decisions, x=np.where(np.arange(12) == 6, 0, history.decisions.x).astype("float32")
    )
    fitted = fit_additive(replace(history, decisions=flipped), labels, params)
    assert (fitted.coefficients >= 0).all() and fitted.coefficients[6] < 0.1 * EFFECT[
        0
    ]  # what is assumed beforehand, no more


def test_the_posterior_never_falls_and_long_steps_get_further(drawn, params) -> None:
    """Step by step, and cycle by cycle of long steps, which after as many steps are higher up."""
    history, labels, *_ = drawn
    em = EmSteps.of(history, labels, np.ones(STAYS), Assumptions(), params)
    start = em.packed(em.even(), np.ones(len(em.churned)), em.prior)
    state, plain = start, []
    for _ in range(30):
        state, value, shares = em.step(state)
        plain.append(value)
        assert shares.sum() == pytest.approx(1)
    assert (np.diff(plain) > -1e-6).all()
    cycles = accelerated_em(em.step, start, em.importance, 0.0, 28)
    assert (np.diff(cycles.values) > -1e-6).all() and cycles.steps <= 31
    assert em.step(cycles.state)[1] > em.step(state)[1]


def test_sums_of_blocks_are_those_of_all_members(drawn, params, monkeypatch) -> None:
    """Cut into many blocks, worked on here or in two processes: the sums, posteriors and exposures of one block."""
    history, labels, *_ = drawn
    em = EmSteps.of(history, labels, np.ones(STAYS), Assumptions(), params)
    (whole,), beta = em.blocks, em.even()
    assert isinstance(whole, TapeBlock) and len(whole.weight) == len(em.events)
    expected = expect_block(whole, history.causes, beta, em.prior)
    monkeypatch.setattr(tape_blocks, "SUMMED_ROWS", 100)
    assert [part.tolist() for part in cut_rows(np.arange(101))] == [list(range(100)), [100]]
    events, blocks = cut_tape(history, labels, np.ones(STAYS))
    assert np.array_equal(events, em.events) and len(blocks) == len(events) // 100 + 1
    jobs = [(block, history.causes, beta, em.prior) for block in blocks]
    here, there = (reduce(operator.add, parallel_map(expect_block, jobs, workers, 2)) for workers in (1, 2))
    assert isinstance(here, EventSums) and isinstance(here.said, SaidCounts)
    for name in ("claimed", "causes", "log_likelihood"):
        assert np.array_equal(getattr(here, name), getattr(there, name))
        assert getattr(here, name) == pytest.approx(getattr(expected, name), rel=1e-5)
    for name in ("stated", "silent", "before", "after"):
        assert getattr(here.said, name) == pytest.approx(getattr(expected.said, name), rel=1e-5)
    cut = EmSteps.of(history, labels, np.ones(STAYS), Assumptions(), params)
    assert cut.at_risk == pytest.approx(em.at_risk) and cut.churned == pytest.approx(em.churned)
    parts = [posterior_block(block, history.causes, beta, em.prior) for block in blocks]
    assert np.array_equal(np.concatenate(parts), cut.posterior(beta, em.prior))
    assert cut.posterior(beta, em.prior) == pytest.approx(em.posterior(beta, em.prior), rel=1e-5)


def test_long_steps_end_where_short_ones_would() -> None:
    """A map that closes a hundredth of the gap a step needs a thousand steps; long ones a few."""

    def step(state: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
        return state - 0.01 * (state - 2), -float((state - 2) ** 2 @ np.ones(2)), state

    found = accelerated_em(step, np.array([0.0, 5.0]), np.ones_like, 1e-6, 200)
    assert isinstance(found, Accelerated) and found.state == pytest.approx([2, 2], abs=1e-4)
    assert found.moved <= 1e-6 and found.steps < 100 and (np.diff(found.values) >= 0).all()


def test_a_fit_has_arrived_when_it_stops(drawn, params) -> None:
    """Where few answer, and all alike, EM creeps: going on must not move the shares by half a point."""
    history, labels, *_ = drawn
    answered = np.flatnonzero(labels.stated >= 0)
    stated = labels.stated.copy()
    stated[answered] = CAUSES.index("natural")
    stated[answered[: int(0.9 * len(answered))]] = SILENT
    few = replace(labels, stated=stated)
    fitted = fit_additive(history, few, params)
    on = params.model_copy(update={"tolerance": 1e-7, "max_steps": 1500})
    further = fit_additive(history, few, on)
    assert fitted.moved <= params.tolerance and further.steps > fitted.steps
    assert np.abs(further.p.mean(axis=0) - fitted.p.mean(axis=0)).max() < 0.005


def test_a_cause_without_a_record_gets_its_part_through_its_base(drawn, params) -> None:
    """Nobody recorded what competition did: its leavings are not handed to the causes that have records."""
    history, labels, true, _ = drawn
    kept = np.arange(12) != 6 + CAUSES.index("competition")

    def without(rows: PersonWeeks) -> PersonWeeks:
        return replace(rows, x=rows.x[:, kept])

    silent = replace(labels, stated=np.full(STAYS, NOT_ASKED))
    blind = ExposureHistory(
        history.causes[kept], [name for name, one in zip(history.names, kept, strict=True) if one], np.ones(11),
        without(history.risk), without(history.decisions), np.zeros((STAYS, 11), "float32"),
        totals_by_spell(without(history.risk)),
    )  # fmt: skip
    share = fit_additive(blind, silent, params).p.mean(axis=0)
    rival = CAUSES.index("competition")
    assert share[rival] > 0.1 and share[rival] == pytest.approx((true == rival).mean(), abs=0.06)


def test_a_cause_that_does_nothing_gets_little(drawn, params) -> None:
    """Members meet something that changes nothing, and nobody names it: half of what was assumed, at most."""
    history, labels, *_ = drawn
    rng = np.random.default_rng(3)
    inert = rng.permutation(len(history.risk.spell))
    at_exit = rng.permutation(len(history.decisions.spell))
    rival = 6 + CAUSES.index("competition")
    risk, decisions = history.risk.x.copy(), history.decisions.x.copy()
    risk[:, rival] = history.risk.x[inert, rival]
    decisions[:, rival] = risk[rng.integers(0, len(risk), len(at_exit)), rival]
    rows = replace(history.risk, x=risk)
    idle = replace(
        history, risk=rows, decisions=replace(history.decisions, x=decisions), totals=totals_by_spell(rows)
    )
    stated = np.where(labels.stated == CAUSES.index("competition"), SILENT, labels.stated)
    fitted = fit_additive(idle, replace(labels, stated=stated), params)
    excess = (fitted.frailty @ EmSteps.of(idle, labels, np.ones(STAYS), Assumptions(), params).at_risk)[rival]
    assert excess * fitted.coefficients[rival] < EXCESS_SHARE / 6 / 2 * len(fitted.events)
    assert fitted.p.mean(axis=0)[CAUSES.index("competition")] < 1 / 6


def test_avoidable_churn_is_damped(drawn) -> None:
    """Saved from one cause, members stay exposed to the rest: avoidable parts are less than excess hazards,
    and truth is met.
    """
    history = drawn[0]
    entered = np.zeros(STAYS, int)
    cells = cohort_exposures(history, np.ones(1), entered, WEEKS)
    coefficients = np.concatenate([np.full(6, BASE), EFFECT])
    saved = avoidable_shares(cells, coefficients)
    excess = cause_hazards(
        history.risk.x, coefficients, history.causes, (np.arange(12) >= 6).astype(float)
    ).sum(axis=0)
    naive = excess / (cause_hazards(history.risk.x, coefficients, history.causes).sum())
    assert (saved < naive).all() and (saved > 0.5 * naive).all()
    assert avoidable_shares(cells, np.concatenate([np.full(6, BASE), np.zeros(6)])) == pytest.approx(0)


def test_exposures_that_go_together_share_what_they_explain(drawn, params) -> None:
    """A twin of an exposure, under another cause: neither takes all, and together they explain what the one
    did.
    """
    history, labels, *_ = drawn
    silent = replace(labels, stated=np.full(STAYS, NOT_ASKED))

    def twice(rows: PersonWeeks) -> PersonWeeks:
        return replace(rows, x=np.concatenate([rows.x, rows.x[:, 6:7]], axis=1))

    twins = ExposureHistory(
        np.append(history.causes, 4), [*history.names, "twin"], np.ones(13), twice(history.risk), twice(history.decisions),
        np.zeros((STAYS, 13), "float32"), totals_by_spell(twice(history.risk)),
    )  # fmt: skip
    alone = fit_additive(history, silent, params)
    uneven = replace(alone, coefficients=np.append(alone.coefficients, 0.01 * alone.coefficients[6]))
    patient = params.model_copy(update={"tolerance": 1e-6})
    both = fit_additive(twins, silent, patient, uneven)
    ratio = both.coefficients[12] / both.coefficients[6]
    assert 0.35 < ratio < 0.75, "its cause has another exposure: half as much is assumed of each"
    assert both.coefficients[6] + both.coefficients[12] == pytest.approx(alone.coefficients[6], rel=0.1)
    unassumed = patient.model_copy(update={"excess_prior": 1e-9})
    assert fit_additive(twins, silent, unassumed, uneven).coefficients[12] < 0.2 * both.coefficients[12]


def test_an_exposure_that_a_resample_lacks_keeps_what_is_assumed(drawn, params) -> None:
    """One member met it; without that member its coefficient is neither zero nor beyond all bounds."""
    history, labels, *_ = drawn
    only = int(history.decisions.spell[0])

    def met(rows: PersonWeeks) -> PersonWeeks:
        x = np.where(rows.spell == only, len(history.risk.spell), 0.0).astype("float32")
        return replace(rows, x=np.concatenate([rows.x, x[:, None]], axis=1))

    rare = ExposureHistory(
        np.append(history.causes, 4), [*history.names, "rare"], np.ones(13), met(history.risk), met(history.decisions),
        np.zeros((STAYS, 13), "float32"), totals_by_spell(met(history.risk)),
    )  # fmt: skip
    counts = np.ones(STAYS)
    counts[only] = 0
    fitted = fit_additive(rare, labels, params, counts=counts)
    leavings = fitted.coefficients[12] * totals_by_spell(met(history.risk)).x[:, 12].sum()
    assert 0 < leavings < EXCESS_SHARE * len(fitted.events)


@pytest.mark.parametrize("share", [0.4, 0.15, 0.03])
def test_causes_may_differ_in_answering_by_the_same_ratio_whatever_share_answers(
    share: float,
) -> None:
    """The worth of the assumption, read off what a hundred answers move, is that of a beta with the assumed
    sd of the log.
    """
    asked = round(100 / share)
    stated = np.where(np.arange(asked) < 100, 0, SILENT)
    labels = NoisyLabels(stated, np.zeros((asked, 7)), np.zeros((asked, 7)))
    prior = prior_confusion(labels)
    answered = replace(labels, stated=np.zeros(asked, dtype=int))  # everyone of one cause answers
    found = fit_confusion(count_said(answered, np.eye(6)[np.zeros(asked, dtype=int)]), prior, prior)
    worth = asked * (1 - found.response_rates[0]) / (found.response_rates[0] - share)
    drawn = stats.beta(worth * share, worth * (1 - share)).rvs(20_000, random_state=1)
    assert np.log(drawn).std() == pytest.approx(RESPONSE_SPREAD, rel=0.1)
    assert found.response_rates[1] == pytest.approx(share, rel=0.01), (
        "of a cause that nobody left for, what is assumed"
    )


def test_contributions_and_confusion_of_a_model(drawn) -> None:
    """By hand: events ascribed to an exposure are its sum over all at risk times its coefficient."""
    history, labels, *_ = drawn
    coefficients = np.concatenate([np.full(6, BASE), EFFECT])
    confusion = replace(prior_confusion(labels), response_rates=np.linspace(0.1, 0.6, 6))
    model = AdditiveHazard(coefficients, confusion, np.zeros((0, 6)), np.zeros(0, int), np.ones(1), 1, 0.0)
    table = exposure_contributions(
        SimpleNamespace(history=history), model, SimpleNamespace(speak=True)
    ).set_index("exposure")
    events = history.risk.x.sum(axis=0) * coefficients
    assert table["share"].sum() == pytest.approx(1)
    assert table.loc["met_price", "share"] == pytest.approx(events[7] / events.sum())
    yearly = 52.18 * 1000 * events[7] / len(history.risk.x)
    assert table.loc["met_price", "events_per_1000_member_years"] == pytest.approx(yearly)
    chance = confusion_table(model).set_index(["cause", "stated"])["probability"]
    assert chance["natural", "answers"] == pytest.approx(0.6) and len(chance) == 6 * 8
    assert chance["natural", "price"] == pytest.approx(confusion.stated[5, 1])


def test_assumptions_move_the_bases_and_leave_the_data_their_say(drawn, params) -> None:
    history, labels, *_ = drawn
    split = np.array([0.5, 0.1, 0.1, 0.1, 0.1, 0.1])
    even, uneven = (
        fit_additive(history, labels, params, assumptions=assumed)
        for assumed in (Assumptions(), Assumptions(total_shares=split))
    )
    assert uneven.coefficients[0] > even.coefficients[0]
    assert np.abs(uneven.coefficients[6:] / even.coefficients[6:] - 1).max() < 0.2


def test_avoidable_churn_of_two_weeks_by_hand() -> None:
    """Hazard 0.3 a week, 0.1 of it excess of the first cause; half of the second cause's 0.2 leaves no trace."""
    mean = np.ones((1, 2, 2))
    cohorts = CohortExposures(mean, np.array([50.0]), np.array([0, 1]), np.array([True, False]))
    saved = avoidable_shares(cohorts, np.array([0.1, 0.2]), np.full(6, 0.5))
    gone = 1 - np.exp(-0.6)
    assert saved[:2] == pytest.approx((np.exp(-0.4) - np.exp(-0.6)) / gone) and not saved[2:].any()


def test_the_posterior_of_exposures_by_hand(drawn) -> None:
    """Hazards of 0.1, 0.2 and 0.4 a unit; the first leaver decided in week 5 or, three times as likely, in week 6."""
    history, labels, *_ = drawn
    x = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1]], "float32")
    spell, weight = np.array([3, 3, 7]), np.array([0.25, 0.75, 1.0])
    decisions = PersonWeeks(spell, np.array([5, 6, 2]), weight, x, np.zeros(3, "int8"))
    small = replace(history, causes=np.array([0, 1, 1]), names=["base", "base", "met"], decisions=decisions)
    model = AdditiveHazard(
        np.array([0.1, 0.2, 0.4]), prior_confusion(labels), np.zeros((2, 6)), np.array([3, 7]), np.ones(1), 1, 0.0
    )  # fmt: skip
    first, second = [0.1 / 0.25, 0.15 / 0.25], [0.0, 1.0]
    found = posterior_of_exposures(small, model)
    assert found.shape == (2, 6) and found[:, :2] == pytest.approx(np.array([first, second]))
    assert (found[:, 2:] == 0).all()
    part = posterior_of_exposures(small, model, np.array([0.0, 1.0, 0.0]))  # of the second exposure alone
    assert part[:, :2] == pytest.approx(np.array([[0.0, 0.6], [0.0, 0.2 / 0.6]]))
