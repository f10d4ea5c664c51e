"""The additive cause-specific hazard, with the cause of each leaving latent, fitted by EM.

The hazard of a member in a week is ``tau * sum_j beta_j x_j`` with exposures ``x_j >= 0`` that belong to one cause each and
``beta_j >= 0`` (an exposure never protects). The tempo tau, which cancels in the causes, is
that of members as busy (`causes.pace`). Members who stay inform it as much as those who leave. Given the exposures the cause
of a leaving is k with chance ``sum_{j in k} beta_j x_j / sum_j beta_j x_j``; survey answers and texts are noisy observations of
it. All unknowns are found together by EM (Dempster, Laird and Rubin 1977): additive hazards make every step closed form, as in
positron tomography (Shepp and Vardi 1982): a component's coefficient is the number of leavings ascribed to it over the
exposure of all members at risk.

What answers and exposures leave open is settled by priors, see `causes.priors`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from whychurn.causes.evidence.noisy_labels import Observations
from whychurn.causes.exposures.activity_rate import tempo
from whychurn.causes.exposures.history import Tape
from whychurn.causes.latent_cause.confusion import Speech, learn_speech, log_likelihood, prior_speech
from whychurn.causes.latent_cause.priors import priors_of
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams

# where few answer, EM creeps: a single step gains little long before the end
LOOK_BACK: Final = 10


@dataclass(frozen=True)
class Fitted:
    """What EM found.

    Parameters
    ----------
    beta
        Leavings a week and unit of (scaled) exposure; (J,).
    speech
        What is said given the cause.
    p
        Posterior of the causes of each leaving, in order of `leavings`; (n, 6).
    leavings
        Positions of the stays that ended in leaving, of members that teach the hazard; (n,).
    tempo
        Factor on all hazards, by pace; (paces,).
    steps, gain
        EM steps taken; relative gain of the last `LOOK_BACK` of them.
    """

    beta: Array
    speech: Speech
    p: Array
    leavings: Array
    tempo: Array
    steps: int
    gain: float


def fit_additive(
    tape: Tape,
    seen: Observations,
    teaches: Array,
    params: CausesParams,
    start: Fitted | None = None,
    times: Array | None = None,
    prior: Speech | None = None,
    split: Array | None = None,
) -> Fitted:
    """Fit coefficients and speech by EM.

    Parameters
    ----------
    tape
        Exposures.
    seen
        Observations of all stays.
    teaches
        Which stays are on ``tape.risk`` (all of them, or a sample); (stays,).
    start
        Where to begin; from the middle if not given.
    times
        How often each stay counts (a bootstrap sample); (stays,).
    prior
        What is assumed of answers and texts; as in `confusion` if not given.
    split
        What is assumed of how the causes share the bases; even if not given; (6,), sums to one.
    """
    count = np.ones(len(teaches)) if times is None else times
    leavings = np.unique(tape.decisions.stay)
    who = np.searchsorted(leavings, tape.decisions.stay)
    mine = Observations(seen.stated[leavings], seen.before[leavings], seen.after[leavings])
    weight = (count * teaches)[leavings]
    at_risk, left = _by_pace(tape, count)
    factor = start.tempo if start else np.ones(len(left))
    exposed = factor @ at_risk
    prior = prior or prior_speech(mine)
    beta, speech = (start.beta, start.speech) if start else (_middle(exposed, weight.sum(), tape), prior)
    member, priors = _membership(tape), priors_of(tape, split, float(weight.sum()), params)
    values, gain, p, steps = [-np.inf] * LOOK_BACK, np.inf, np.zeros((len(leavings), len(CAUSES))), 0
    for steps in range(1, params.max_steps + 1):  # noqa: B007  told below
        spoken = log_likelihood(mine, speech)
        top = spoken.max(axis=1, keepdims=True)
        share, p, density = _expect(tape, who, beta, np.exp(spoken - top), member, weight)
        value = float(weight @ (np.log(np.maximum(density, 1e-300)) + top[:, 0]) - exposed @ beta)
        value += float(left @ np.log(factor)) + priors.log(beta)
        beta = priors.coefficients(beta * share, exposed)
        factor, beta = _in_tempo(left, at_risk, beta, params)
        exposed = factor @ at_risk
        speech = learn_speech(mine, p, prior, params, weight)
        gain = (value - values[-LOOK_BACK]) / max(abs(value), 1.0)
        values.append(value)
        if abs(gain) < params.tolerance:
            break
    return Fitted(beta, speech, p, leavings, factor, steps, gain)


def _by_pace(tape: Tape, count: Array) -> tuple[Array, Array]:
    """Exposures over all weeks at risk, and leavings, by pace; (paces, J) and (paces,)."""
    totals, gone = tape.totals, tape.decisions
    paces = int(max(totals.pace.max(initial=0), gone.pace.max(initial=0))) + 1
    at_risk = np.stack(
        [count[totals.stay[mine]] @ totals.x[mine] for mine in (totals.pace == pace for pace in range(paces))]
    )
    return at_risk, np.bincount(gone.pace, count[gone.stay] * gone.weight, paces)


def _in_tempo(left: Array, at_risk: Array, beta: Array, params: CausesParams) -> tuple[Array, Array]:
    """Tempo of each pace, one on average over the expected leavings, and the coefficients that go with it."""
    expected = at_risk @ beta
    factor = tempo(left, expected, params.pace.prior)
    mean = float(factor @ expected) / max(float(expected.sum()), 1e-300)
    return (factor / mean, beta * mean) if mean > 0 else (factor, beta)


def _middle(exposed: Array, leavings: float, tape: Tape) -> Array:
    """All causes alike, all exposures of a cause alike."""
    shares = 1 / (len(CAUSES) * np.bincount(tape.causes, minlength=len(CAUSES)))[tape.causes]
    return shares * leavings / np.maximum(exposed, 1e-12)


def _membership(tape: Tape) -> Array:
    """(J, 6) indicator of the cause of each exposure."""
    return np.eye(len(CAUSES), dtype="float32")[tape.causes]


def _expect(
    tape: Tape, who: Array, beta: Array, spoken: Array, member: Array, weight: Array
) -> tuple[Array, Array, Array]:
    """One E-step: responsibility of each exposure over beta, posterior of each leaving, its density."""
    x, q = tape.decisions.x, tape.decisions.weight
    by_cause = (x @ (member * beta[:, None]).astype("float32")) * q[:, None].astype("float32")  # (rows, 6)
    joint = by_cause * spoken[who]
    density = np.bincount(who, joint.sum(axis=1), len(spoken))
    safe = np.maximum(density, 1e-300)
    p = np.stack([np.bincount(who, column, len(spoken)) for column in joint.T], axis=1) / safe[:, None]
    claim = (spoken * (weight / safe)[:, None])[who] * q[:, None]  # (rows, 6)
    share = ((claim.astype("float32").T @ x) * member.T).sum(axis=0)
    return share, p, density


def cause_hazards(x: Array, beta: Array, causes: Array, part: Array | None = None) -> Array:
    """Hazard of each cause; (rows, 6).

    Parameters
    ----------
    part
        How much of each exposure counts, 0 to 1; all of it if not given; (J,).
    """
    used = beta if part is None else part * beta
    return (x @ (np.eye(len(CAUSES))[causes] * used[:, None]).astype("float32")).astype("float64")
