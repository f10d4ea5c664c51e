"""The additive cause-specific hazard on the whole exposure tape, survey and texts as noisy observations (`causes.additive`).

Its intervals hold over more than sampling: every resample of members also draws what no data can settle, how often leavers state
what is true, whether silence differs by cause, how much a text is worth, and how much of a cause's base is excess that left no trace.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from scipy import special, stats

from whychurn.causes.evidence.gather import Evidence
from whychurn.causes.evidence.noisy_labels import Observations
from whychurn.causes.latent_cause.avoidable import Cells, avoidable_shares, excess_flags, exposure_cells
from whychurn.causes.latent_cause.confusion import assumed_speech, log_likelihood
from whychurn.causes.latent_cause.em import Fitted, cause_hazards, fit_additive
from whychurn.causes.methods import BOUNDS, Attribution, Inputs
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import CausesParams, Params

FEWEST: Final = 0.01  # share of leavers who answer, below which nothing is known of the discrepancy


def attribute(inputs: Inputs, params: Params) -> Attribution:
    """Posterior of the causes given exposures, answers and texts; shares and avoidable churn with intervals."""
    evidence = inputs.evidence
    fitted = fit_additive(evidence.tape, evidence.seen, evidence.teaches, params.causes)
    p = posterior(evidence, fitted)
    shares = _shares(evidence, fitted, p[evidence.churned], params)
    facts = {
        "steps": float(fitted.steps),
        "last_gain": float(fitted.gain),
        "leavings": float(len(fitted.leavings)),
    }
    tables = {"cause_drivers": drivers(evidence, fitted), "cause_speech": speech_table(fitted)}
    return Attribution(p, shares, facts, tables, fitted)


def posterior(evidence: Evidence, fitted: Fitted) -> Array:
    """Chances of the causes at each anchor, given exposures and what was said; (rows, 6).

    Leavers that taught the hazard have theirs from the fit. The others come from the same hazards at their decision, those still
    there from the hazards of their last week and their texts.
    """
    found = np.full((len(evidence.stays.table), len(CAUSES)), np.nan)
    found[fitted.leavings] = fitted.p
    others = np.setdiff1d(evidence.rows, fitted.leavings)
    if len(others):
        hazard = cause_hazards(evidence.tape.at_anchor[others], fitted.beta, evidence.tape.causes)
        seen = evidence.seen
        said = Observations(seen.stated[others], seen.before[others], seen.after[others])
        log = log_likelihood(said, fitted.speech)
        joint = hazard * np.exp(log - log.max(axis=1, keepdims=True))
        found[others] = joint / np.maximum(joint.sum(axis=1, keepdims=True), 1e-300)
    mine = found[evidence.rows]
    even = mine.sum(axis=1) < 0.5
    mine[even | np.isnan(mine).any(axis=1)] = 1 / len(CAUSES)
    return mine


def _shares(evidence: Evidence, fitted: Fitted, p: Array, params: Params) -> pd.DataFrame:
    """Mean of the leavers' chances `p`; intervals from resamples of the members that teach the hazard."""
    causes = params.causes
    found = pd.DataFrame({"cause": pd.Series(CAUSES, dtype="string")}).assign(**dict.fromkeys(BOUNDS, np.nan))
    if not len(fitted.leavings):
        return found
    cells = exposure_cells(evidence.tape, fitted.tempo, evidence.stays.first_week, evidence.calendar.weeks)
    member = pd.factorize(evidence.stays.table["member_id"])[0]
    draws = [_draw(evidence, member, fitted, cells, params, number) for number in range(causes.resamples)]
    share, avoidable = (np.stack(part) for part in zip(*draws, strict=True))
    mine, saved = p.mean(axis=0), np.median(avoidable, axis=0)
    beyond = discrepancy(evidence.seen.stated[fitted.leavings], causes)
    low, high = _interval(mine, share, causes.interval_width, beyond, params.run.confidence)
    least, most = _interval(saved, avoidable, causes.avoidable_width, beyond, params.run.confidence)
    return found.assign(
        share=mine, low=low, high=high, avoidable_share=saved, avoidable_low=least, avoidable_high=most
    )


def discrepancy(stated: Array, params: CausesParams) -> float:
    """How far the method stays from the world however many members there are; sd of the log-odds (Kennedy and O'Hagan 2001).

    It grows as fewer leavers answer, by ``params.discrepancy`` each time that their share falls to 1/e: the fewer answers, the more rests
    on assumptions.

    Parameters
    ----------
    stated
        What leavers stated, see `Observations`; (n,).
    """
    answered = float((stated >= 0).mean()) if len(stated) else 0.0
    return params.discrepancy * float(-np.log(max(answered, FEWEST)))


def _interval(
    centre: Array, draws: Array, width: float, beyond: float, confidence: float
) -> tuple[Array, Array]:
    """Normal interval on the log-odds: `width` times the spread of the draws, and the discrepancy `beyond` them."""

    def odds(share: Array) -> Array:
        held = np.clip(share, 1e-4, 1 - 1e-4)
        return np.log(held / (1 - held))

    spread = np.hypot(width * odds(draws).std(axis=0), beyond)
    half = stats.norm.ppf((1 + confidence) / 2) * spread
    return special.expit(odds(centre) - half), special.expit(odds(centre) + half)


def _draw(
    evidence: Evidence, member: Array, fitted: Fitted, cells: Cells, params: Params, number: int
) -> tuple[Array, Array]:
    """Shares and avoidable shares of one resample of members under one draw of the assumptions."""
    causes = params.causes
    rng = np.random.default_rng([params.run.seed, number])
    members = member.max() + 1
    times = rng.multinomial(members, np.full(members, 1 / members))[member].astype("float64")
    worth = rng.uniform(0.0, 2.0)  # of a text, against what is assumed
    seen = replace(evidence.seen, before=evidence.seen.before * worth)
    drawn = causes.model_copy(
        update={
            "max_steps": causes.resample_steps,
            "answer_spread": causes.answer_spread * float(np.exp(rng.uniform(-0.6, 0.6))),
            "survey_prior": causes.survey_prior * float(np.exp(rng.uniform(-0.7, 0.7))),
        }
    )
    mine = Observations(
        seen.stated[fitted.leavings], seen.before[fitted.leavings], seen.after[fitted.leavings]
    )
    prior = assumed_speech(mine, true=rng.uniform(0.45, 0.65), price=rng.uniform(0.15, 0.35))
    split, tape = _split(mine, causes, rng), evidence.tape
    start = fitted.beta * np.where(excess_flags(tape.names), 1.0, len(CAUSES) * split[tape.causes])
    begun = replace(fitted, beta=start)
    again = fit_additive(tape, seen, evidence.teaches, drawn, begun, times, prior, split)
    weight = times[fitted.leavings]
    share = weight @ again.p / max(weight.sum(), 1e-9)
    return share, avoidable_shares(cells, again.beta, rng.uniform(0, causes.untraced, len(CAUSES)))


def _split(mine: Observations, params: CausesParams, rng: np.random.Generator) -> Array:
    """How the causes may share the bases, in place of an even split: the further from it the fewer answers tell; (6,)."""
    answers = float((mine.stated >= 0).sum())
    spread = params.base_spread * np.sqrt(params.base_answers / (params.base_answers + answers))
    drawn = np.exp(rng.normal(0, spread, len(CAUSES)))
    return drawn / drawn.sum()


def drivers(evidence: Evidence, fitted: Fitted) -> pd.DataFrame:
    """What each exposure contributes: cause, exposure, leavings a year for each thousand members, share of all leavings."""
    totals = evidence.tape.totals
    mass = (fitted.tempo[totals.pace] @ totals.x) * fitted.beta
    total = float(mass.sum())
    table = pd.DataFrame(
        {
            "cause": [CAUSES[cause] for cause in evidence.tape.causes],
            "exposure": evidence.tape.roots,
            "share": mass / max(total, 1e-12),
            "yearly_per_1000": 52.18 * 1000 * mass / max(float(evidence.tape.risk.weight.sum()), 1e-9),
        }
    )
    return (
        table.groupby(["cause", "exposure"], sort=False, as_index=False)
        .sum()
        .astype({"cause": "string", "exposure": "string"})
    )


def speech_table(fitted: Fitted) -> pd.DataFrame:
    """What leavers say given the cause: cause, said, chance; and their chance to answer (said = ``answers``)."""
    codes = [*CAUSES, "other"]
    rows = [
        {"cause": cause, "said": code, "chance": float(fitted.speech.stated[k, s])}
        for k, cause in enumerate(CAUSES)
        for s, code in enumerate(codes)
    ]
    rows += [
        {"cause": cause, "said": "answers", "chance": float(fitted.speech.answers[k])}
        for k, cause in enumerate(CAUSES)
    ]
    return pd.DataFrame(rows).astype({"cause": "string", "said": "string"})
