"""Scores of one simulated world: a row for what is published of it, and one for each baseline on the same world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES
from whychurn.contract.params import Params
from whychurn.score.cause_calibration import calibration_errors, calibration_table
from whychurn.score.event_matching import match_events
from whychurn.score.ground_truth import GroundTruth
from whychurn.score.method_answers import (
    CHURNED,
    KEYS,
    PROBABILITIES,
    MethodAnswer,
    attributed_events,
    cause_codes,
    method_answers,
    true_posterior,
)
from whychurn.score.probability_metrics import floored, mean_log_loss, skill
from whychurn.score.share_errors import interval_measures, of_known, true_avoidable_shares
from whychurn.score.upper_bound_classifier import fit_upper_bound
from whychurn.score.yardstick.measured import BASELINES, ONE_SIXTH, OURS

NOTHING: Final = 1e-9  # a true share below it: the cause does nothing


@dataclass(frozen=True)
class Attributed:
    """What stage causes wrote of one world.

    Parameters
    ----------
    published
        Table cause_shares.
    members
        Table member_causes.
    attributions, shares
        Of all methods, see `score.results.score_causes`.
    evidence
        member_id, spell_no, status, x_*: what a classifier may learn from.
    checks
        Table cause_diagnostics.
    """

    published: pd.DataFrame
    members: pd.DataFrame
    attributions: pd.DataFrame
    shares: pd.DataFrame
    evidence: pd.DataFrame
    checks: pd.DataFrame


@dataclass(frozen=True)
class PlantedEvents:
    """The attributed churn events that were planted, and what is true of them.

    Parameters
    ----------
    events
        member_id, spell_no, cause and p_<cause> of each.
    posterior
        True posterior of the six; less than one in all where a cause outside them was at work; (n, 6).
    share, avoidable
        True share and avoidable share of each cause; (6,).
    """

    events: pd.DataFrame
    posterior: Array
    share: Array
    avoidable: Array

    @property
    def happened(self) -> Array:
        """One for the cause for which a member left; (n, 6). What members say depends on it, not on `posterior`."""
        return np.eye(len(CAUSES) + 1)[cause_codes(self.events["cause"])][:, : len(CAUSES)]


def planted_events(attributions: pd.DataFrame, truth: GroundTruth) -> PlantedEvents:
    """Match attributed churn events with planted ones; a true share is the mean true posterior."""
    planted = truth.causes[truth.causes["status"] == CHURNED]
    matched = match_events(attributed_events(attributions), planted)
    events = matched[matched["spell"].notna()].reset_index(drop=True)
    posterior = events[PROBABILITIES].to_numpy("float64")
    avoidable = true_avoidable_shares(truth.without)[list(CAUSES)].to_numpy("float64")
    return PlantedEvents(events, posterior, posterior.mean(axis=0), avoidable)


def world_rows(
    world: Mapping[str, Any], found: Attributed, planted: PlantedEvents, params: Params
) -> pd.DataFrame:
    """One row a method: the values of `world`, method, and the columns `measured.MEASURES`."""
    six = cause_codes(planted.events["cause"]) >= 0
    answers = _answers(found, planted.events)
    losses = _losses(answers, six, found, planted, params)
    estimates = _estimates(found)
    rows = [
        {**world, "method": name, **losses[name]}
        | share_measures(estimates[name], planted)
        | naming_measures(answer, planted.happened)
        for name, answer in answers.items()
        if name in estimates
    ]
    table, flagged = pd.DataFrame(rows), found.checks["flagged"].astype(bool)
    alarms = " ".join(sorted(set(found.checks.loc[flagged, "check"])))
    return table.assign(alarms=[alarms if name == OURS else "" for name in table["method"]])


def _answers(found: Attributed, events: pd.DataFrame) -> dict[str, MethodAnswer]:
    """Answers of `BASELINES` and, as `OURS`, what is published of the members."""
    ours = found.members[["member_id", "spell_no", "status", *PROBABILITIES, "primary_cause"]]
    answers = method_answers(ours.assign(method=OURS), events)
    by_method = method_answers(found.attributions, events)
    answers |= {name: by_method[name] for name in BASELINES if name in by_method}
    even = np.full((len(events), len(CAUSES)), 1 / len(CAUSES))
    return answers | {ONE_SIXTH: MethodAnswer(even, np.full(len(events), -1))}


def _losses(
    answers: Mapping[str, MethodAnswer], six: Array, found: Attributed, planted: PlantedEvents, params: Params
) -> dict[str, dict[str, float]]:
    """Skill on both scales, claim and calibration error of each method, over events of the six causes."""
    events, q = planted.events[six], true_posterior(planted.events[six])
    y, floor = cause_codes(events["cause"]), params.score.floor
    seen = found.evidence[found.evidence["status"] == CHURNED].drop(
        columns=["status", "anchor_on"], errors="ignore"
    )
    seen = events[KEYS].merge(seen, on=KEYS, how="left", validate="one_to_one")
    taught = fit_upper_bound(seen, y, events["member_id"].to_numpy(), params)
    prior, oracle = (mean_log_loss(p, y, floor) for p in (np.tile(q.mean(axis=0), (len(q), 1)), q))
    ceiling = mean_log_loss(taught, y, floor) if taught is not None else np.asarray(np.nan)
    measures = {}
    for name, answer in answers.items():
        p = floored(answer.p[six], floor)
        bins = calibration_table(p, y, params.score.bins, params.run.confidence)
        lost = mean_log_loss(answer.p[six], y, floor)
        measures[name] = {
            "skill_oracle": float(skill(lost, prior, oracle)),
            "skill_ceiling": float(skill(lost, prior, ceiling)),
            "claim": float((p * np.log(p / p.mean(axis=0))).sum(axis=1).mean()),
            "ece": float(calibration_errors(bins).mean()),
        }
    return measures


def _estimates(found: Attributed) -> dict[str, pd.DataFrame]:
    """Shares of each method with intervals, by cause."""
    shares = found.shares.set_index("cause")
    each = {name: shares[shares["method"] == name] for name in BASELINES if name in set(shares["method"])}
    even = pd.DataFrame({"share": 1 / len(CAUSES)}, index=list(CAUSES))
    return {OURS: found.published.set_index("cause"), **each, ONE_SIXTH: even}


def share_measures(estimates: pd.DataFrame, planted: PlantedEvents) -> dict[str, float]:
    """Errors, coverage and width of shares and of avoidable churn, as parts of all leavings.

    Parameters
    ----------
    estimates
        One row a cause (index): share, low, high, avoidable_share, avoidable_low, avoidable_high; nulls, or
        absent columns, where the method has none.

    Returns
    -------
    Columns `share_*`, `avoidable_*`, `error_<cause>`, `null_share` and `null_low` of the yardstick. Errors are
    those of the causes that have a share; null_share is the largest share of a cause that does nothing.
    """
    columns = ["share", "low", "high", "avoidable_share", "avoidable_low", "avoidable_high"]
    table = estimates.reindex(index=list(CAUSES), columns=columns).to_numpy("float64").T
    measures: dict[str, float] = {}
    for name, (value, low, high), true in (
        ("share", table[:3], planted.share),
        ("avoidable", table[3:], planted.avoidable),
    ):
        measures |= {
            f"{name}_{key}": found for key, found in interval_measures(value, low, high, true).items()
        }
    measures |= {f"error_{cause}": table[0, at] - planted.share[at] for at, cause in enumerate(CAUSES)}
    idle = planted.share < NOTHING
    measures["null_share"] = of_known(table[0, idle], np.max)
    measures["null_low"] = of_known(table[1, idle], np.max)
    del measures["avoidable_error_mean"]
    return measures


def naming_measures(answer: MethodAnswer, happened: Array) -> dict[str, float]:
    """Share of leavings for which a cause is named, and how often that is right, and was said to be.

    Parameters
    ----------
    happened
        One for the true cause; (n, 6). True posteriors would not do: they do not know what members said, which
        tells of the cause that was drawn.
    """
    named = answer.primary >= 0
    at = np.flatnonzero(named)
    return {
        "named": float(named.mean()) if len(named) else float("nan"),
        "right": of_known(happened[at, answer.primary[at]], np.mean),
        "said": of_known(answer.p[at, answer.primary[at]], np.mean),
    }
