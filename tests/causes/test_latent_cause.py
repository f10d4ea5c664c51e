"""The additive hazard finds what was planted in data drawn from its own model, and respects its constraints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from whychurn.causes.evidence.noisy_labels import Observations
from whychurn.causes.exposures.history import Tape
from whychurn.causes.latent_cause.avoidable import avoidable_shares, exposure_cells
from whychurn.causes.latent_cause.confusion import learn_speech, prior_speech
from whychurn.causes.latent_cause.em import LOOK_BACK, cause_hazards, fit_additive
from whychurn.causes.member_weeks.weeks_at_risk import Rows, totals
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams, load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.panel.exit_surveys import NOT_ASKED, SILENT

STAYS, WEEKS = 6000, 40
BASE, EFFECT = 0.0004, np.array([0.010, 0.006, 0.004, 0.005, 0.008, 0.007])


@pytest.fixture(scope="module")
def params() -> CausesParams:
    return load_params(StudyPaths(PROJECT)).causes


@pytest.fixture(scope="module")
def drawn() -> tuple[Tape, Observations, np.ndarray, np.ndarray]:
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
    risk = Rows(stay, at, np.ones(len(stay)), x[stay, at], np.zeros(len(stay), "int8"))
    who = np.flatnonzero(gone)
    decisions = Rows(who, left[who], np.ones(len(who)), x[who, left[who]], np.zeros(len(who), "int8"))
    nobody = np.zeros((STAYS, 12), "float32")
    tape = Tape(causes, names, np.ones(12), risk, decisions, nobody, totals(risk))
    by_cause = hazard[who, left[who]][:, :6] + hazard[who, left[who]][:, 6:]
    p = by_cause / by_cause.sum(axis=1, keepdims=True)
    true = (np.cumsum(p, axis=1) < rng.random(len(who))[:, None]).sum(axis=1)
    stated = np.full(STAYS, NOT_ASKED)
    stated[who] = -1
    answers = rng.random(len(who)) < 0.3
    lies = rng.random(len(who)) < 0.25
    stated[who[answers]] = np.where(lies, 1, true)[answers]
    seen = Observations(stated, np.zeros((STAYS, 7)), np.zeros((STAYS, 7)))
    return tape, seen, true, p


def test_finds_effects_posteriors_and_shares(drawn, params) -> None:
    tape, seen, true, p = drawn
    fitted = fit_additive(tape, seen, np.ones(STAYS, bool), params)
    assert np.abs(fitted.beta[6:] - EFFECT).max() < 0.0022  # three standard errors of the smallest
    assert np.sqrt(((fitted.p - p) ** 2).mean()) < 0.17
    shares = np.bincount(true, minlength=6) / len(true)
    assert np.abs(fitted.p.mean(axis=0) - shares).max() < 0.06
    survey = np.bincount(seen.stated[seen.stated >= 0], minlength=6) / (seen.stated >= 0).sum()
    assert np.abs(survey - shares).max() > 0.15  # what the answers alone would say
    assert fitted.p.sum(axis=1) == pytest.approx(1)


def test_shares_follow_exposures_where_everyone_says_price(drawn, params) -> None:
    tape, seen, true, _ = drawn
    lying = replace(seen, stated=np.where(seen.stated >= 0, 1, seen.stated))
    fitted = fit_additive(tape, lying, np.ones(STAYS, bool), params)
    assert (true == 1).mean() < 0.25 and fitted.p[:, 1].mean() < 0.6  # the survey alone says 1.0
    others = fitted.p[:, [0, 2, 3, 4, 5]].mean(axis=0)
    assert (others > 0.03).all()


def test_an_exposure_never_protects(drawn, params) -> None:
    tape, seen, *_ = drawn
    flipped = replace(tape.decisions, x=np.where(np.arange(12) == 6, 0, tape.decisions.x).astype("float32"))
    fitted = fit_additive(replace(tape, decisions=flipped), seen, np.ones(STAYS, bool), params)
    assert (fitted.beta >= 0).all() and fitted.beta[6] < 0.1 * EFFECT[
        0
    ]  # what is assumed beforehand, no more


def test_likelihood_never_falls(drawn, params) -> None:
    """More steps from the same start never lower the likelihood: the gain of the last steps is not negative."""
    tape, seen, *_ = drawn
    for steps in (LOOK_BACK + 1, 15, 30):
        given = params.model_copy(update={"max_steps": steps, "tolerance": 1e-12})
        fitted = fit_additive(tape, seen, np.ones(STAYS, bool), given)
        assert fitted.steps == steps and -1e-3 / steps <= fitted.gain < np.inf


def test_a_fit_has_arrived_when_it_stops(drawn, params) -> None:
    """Where few answer, and all alike, EM creeps: going on must not move the shares by a tenth of a point."""
    tape, seen, *_ = drawn
    answered = np.flatnonzero(seen.stated >= 0)
    stated = seen.stated.copy()
    stated[answered] = CAUSES.index("natural")
    stated[answered[: int(0.9 * len(answered))]] = SILENT
    few = replace(seen, stated=stated)
    fitted = fit_additive(tape, few, np.ones(STAYS, bool), params)
    on = params.model_copy(update={"tolerance": 1e-12, "max_steps": 600})
    further = fit_additive(tape, few, np.ones(STAYS, bool), on)
    assert further.steps > fitted.steps
    assert np.abs(further.p.mean(axis=0) - fitted.p.mean(axis=0)).max() < 0.001


def test_avoidable_churn_is_damped(drawn) -> None:
    """Saved from one cause, members stay exposed to the rest: avoidable parts are less than excess hazards, and truth is met."""
    tape = drawn[0]
    entered = np.zeros(STAYS, int)
    cells = exposure_cells(tape, np.ones(1), entered, WEEKS)
    beta = np.concatenate([np.full(6, BASE), EFFECT])
    saved = avoidable_shares(cells, beta)
    excess = cause_hazards(tape.risk.x, beta, tape.causes, (np.arange(12) >= 6).astype(float)).sum(axis=0)
    naive = excess / (cause_hazards(tape.risk.x, beta, tape.causes).sum())
    assert (saved < naive).all() and (saved > 0.5 * naive).all()
    assert avoidable_shares(cells, np.concatenate([np.full(6, BASE), np.zeros(6)])) == pytest.approx(0)


def test_exposures_that_go_together_share_what_they_explain(drawn, params) -> None:
    """A twin of an exposure, under another cause: neither takes all, and together they explain what the one did."""
    tape, seen, *_ = drawn
    silent = replace(seen, stated=np.full(STAYS, NOT_ASKED))

    def twice(rows: Rows) -> Rows:
        return replace(rows, x=np.concatenate([rows.x, rows.x[:, 6:7]], axis=1))

    twins = Tape(
        np.append(tape.causes, 4), [*tape.names, "twin"], np.ones(13), twice(tape.risk), twice(tape.decisions),
        np.zeros((STAYS, 13), "float32"), totals(twice(tape.risk)),
    )  # fmt: skip
    alone = fit_additive(tape, silent, np.ones(STAYS, bool), params)
    uneven = replace(alone, beta=np.append(alone.beta, 0.01 * alone.beta[6]))
    patient = params.model_copy(update={"tolerance": 1e-9})
    both = fit_additive(twins, silent, np.ones(STAYS, bool), patient, uneven)
    assert 0.7 < both.beta[12] / both.beta[6] < 1.4
    assert both.beta[6] + both.beta[12] == pytest.approx(alone.beta[6], rel=0.1)
    unassumed = patient.model_copy(update={"excess_prior": 1e-9})
    assert fit_additive(twins, silent, np.ones(STAYS, bool), unassumed, uneven).beta[12] < 0.1 * both.beta[12]


def test_an_exposure_that_a_resample_lacks_keeps_what_is_assumed(drawn, params) -> None:
    """One member met it; without that member its coefficient is neither zero nor beyond all bounds."""
    tape, seen, *_ = drawn
    only = int(tape.decisions.stay[0])

    def met(rows: Rows) -> Rows:
        x = np.where(rows.stay == only, len(tape.risk.stay), 0.0).astype("float32")
        return replace(rows, x=np.concatenate([rows.x, x[:, None]], axis=1))

    rare = Tape(
        np.append(tape.causes, 4), [*tape.names, "rare"], np.ones(13), met(tape.risk), met(tape.decisions),
        np.zeros((STAYS, 13), "float32"), totals(met(tape.risk)),
    )  # fmt: skip
    times = np.ones(STAYS)
    times[only] = 0
    fitted = fit_additive(rare, seen, np.ones(STAYS, bool), params, times=times)
    leavings = fitted.beta[12] * totals(met(tape.risk)).x[:, 12].sum()
    assert 0 < leavings < params.excess_share * len(fitted.leavings)


@pytest.mark.parametrize("share", [0.4, 0.15, 0.03])
def test_causes_may_differ_in_answering_by_the_same_ratio_whatever_share_answers(
    params, share: float
) -> None:
    """The worth of the assumption, read off what a hundred answers move, is that of a beta with the assumed sd of the log."""
    asked = round(100 / share)
    stated = np.where(np.arange(asked) < 100, 0, SILENT)
    seen = Observations(stated, np.zeros((asked, 7)), np.zeros((asked, 7)))
    prior = prior_speech(seen)
    answered = replace(seen, stated=np.zeros(asked, dtype=int))  # everyone of one cause answers
    found = learn_speech(answered, np.eye(6)[np.zeros(asked, dtype=int)], prior, params, np.ones(asked))
    worth = asked * (1 - found.answers[0]) / (found.answers[0] - share)
    drawn = stats.beta(worth * share, worth * (1 - share)).rvs(20_000, random_state=1)
    assert np.log(drawn).std() == pytest.approx(params.answer_spread, rel=0.1)
    assert found.answers[1] == pytest.approx(share, rel=0.01), (
        "of a cause that nobody left for, what is assumed"
    )
