"""From which cause stays end, and when: cumulative incidence of competing causes with fractional events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.contract.results import columns_of, stack
from whychurn.stats.bootstrap import resample
from whychurn.survival.numbers_at_risk import (
    DaySpan,
    at_risk,
    events_by_day,
    restrict_to_span,
    supported_span,
    written_days,
)

CAUSES_AND_UNKNOWN: Final = (*CAUSES, UNKNOWN)
COLUMNS: Final = columns_of("cause_incidence")
P_COLUMNS: Final = [f"p_{cause}" for cause in CAUSES]
SLACK: Final = 1e-6  # rounding that sums of weights may show


@dataclass(frozen=True)
class CauseWeights:
    """The part of each churn event that counts for each cause; what is missing from one is unknown.

    Parameters
    ----------
    events
        member_id and spell_no of n churn events; an event without a row here is wholly unknown.
    values
        Shape (n, 6), in the order of `CAUSES`; not negative, sums at most 1.
    reweight
        Weights if event i had been observed ``times[i]`` times: lets the bootstrap carry what estimating the
        weights adds to the uncertainty. None: the weights stay.
    """

    events: pd.DataFrame
    values: np.ndarray
    reweight: Callable[[np.ndarray], np.ndarray] | None = None

    def __post_init__(self) -> None:
        sums = self.values.sum(axis=1)
        wrong = (self.values < -SLACK).any(axis=1) | (sums > 1 + SLACK) | ~np.isfinite(sums)
        if wrong.any():
            raise WhychurnError(
                "weights of causes must not be negative nor sum to more than one",
                rows=int(wrong.sum()),
                remedy="divide each leaving's weights by their sum",
            )

    @classmethod
    def of(cls, frame: pd.DataFrame) -> CauseWeights:
        """From posteriors: member_id, spell_no and ``p_<cause>``; no value counts as zero."""
        return cls(frame[["member_id", "spell_no"]], np.nan_to_num(frame[P_COLUMNS].to_numpy(float)))


@dataclass(frozen=True)
class Incidence:
    """Survival and incidences of one sample, on days ``span.first - 1`` (nobody has left) to ``span.last``.

    Parameters
    ----------
    survival
        Share that stays beyond each day, shape (days,).
    cif
        Share that has left from each of `CAUSES_AND_UNKNOWN` by each day, shape (7, days); with `survival` it
        sums to one.
    counterfactual
        Share that would stay if the hazard of one of `CAUSES` were zero and the others were as they are:
        members saved from it stay exposed to the rest. Shape (6, days).
    """

    survival: np.ndarray
    cif: np.ndarray
    counterfactual: np.ndarray


def aalen_johansen(number: np.ndarray, events: np.ndarray) -> Incidence:
    """Aalen-Johansen incidences from counts (Aalen and Johansen 1978), and survival without each cause.

    Parameters
    ----------
    number
        At risk on each day, shape (days,).
    events
        Churn events (whole or fractional) of each of `CAUSES_AND_UNKNOWN` on each day, shape (7, days).
    """
    hazard = np.divide(events, number, out=np.zeros_like(events), where=number > 0)
    total = np.minimum(hazard.sum(axis=0), 1.0)
    survival = np.cumprod(1 - total)
    before = np.concatenate([[1.0], survival[:-1]])
    cif = np.cumsum(before * hazard, axis=1)
    assert np.allclose(cif.sum(axis=0) + survival, 1, atol=1e-9), "incidences and survival do not sum to one"
    others = np.maximum(1 - (total - hazard[: len(CAUSES)]), 0.0)
    return Incidence(
        survival=np.concatenate([[1.0], survival]),
        cif=np.concatenate([np.zeros((len(CAUSES_AND_UNKNOWN), 1)), cif], axis=1),
        counterfactual=np.concatenate([np.ones((len(CAUSES), 1)), np.cumprod(others, axis=1)], axis=1),
    )


@dataclass(frozen=True)
class StratumSample:
    """Rows of one stratum, ready to be counted again and again with other multiplicities of members.

    Parameters
    ----------
    entry, exit, member
        Of each row; the member by its position in `member_order`.
    event_row, weight_row
        Rows that end in a churn event, and for each of them its row in the weights, -1 where it has none.
    """

    kind: str
    stratum: str
    span: DaySpan
    entry: np.ndarray
    exit: np.ndarray
    member: np.ndarray
    event_row: np.ndarray
    weight_row: np.ndarray

    def incidence(self, values: np.ndarray, times: np.ndarray | None = None) -> Incidence:
        """Incidences with weights `values` (n, 6), each member counted ``times[member]`` times."""
        last = self.span.last
        weight = None if times is None else times[self.member].astype(float)
        number = at_risk(self.entry, self.exit, weight, last)
        by_cause = np.vstack([values, np.zeros(len(CAUSES))])[self.weight_row]  # -1 is the row of zeros
        share = np.column_stack([by_cause, np.clip(1 - by_cause.sum(axis=1), 0, None)])
        if weight is not None:
            share = share * weight[self.event_row][:, None]
        day = self.exit[self.event_row]
        events = np.array([events_by_day(day, part, last) for part in share.T])
        return aalen_johansen(number[self.span.first :], events[:, self.span.first :])

    @property
    def days(self) -> np.ndarray:
        """Day of each value."""
        return np.arange(self.span.first - 1, self.span.last + 1)


def stratum_samples(
    strata: Mapping[str, pd.DataFrame], weights: CauseWeights, least: int
) -> list[StratumSample]:
    """The strata in which at least `least` are at risk on some day."""
    order, samples = pd.Index(member_order(strata)), []
    keys = ["member_id", "spell_no"]
    position = weights.events.reset_index(drop=True).assign(position=np.arange(len(weights.events)))
    position = position.astype({"spell_no": "int64"})
    for kind, rows in strata.items():
        for stratum, members in rows.groupby("stratum", sort=True):
            span = supported_span(members["entry"].to_numpy(), members["exit"].to_numpy(), least)
            if span is None:
                continue
            inside = restrict_to_span(members, span)
            matched = inside.loc[inside["event"], keys].merge(position, on=keys, how="left")
            samples.append(
                StratumSample(
                    kind=kind,
                    stratum=str(stratum),
                    span=span,
                    entry=inside["entry"].to_numpy(),
                    exit=inside["exit"].to_numpy(),
                    member=order.get_indexer(pd.Index(inside["member_id"])),
                    event_row=np.flatnonzero(inside["event"].to_numpy(dtype=bool)),
                    weight_row=matched["position"].fillna(-1).to_numpy(dtype="int64"),
                )
            )
    return samples


def member_order(strata: Mapping[str, pd.DataFrame]) -> np.ndarray:
    """Members of all strata, sorted: what the bootstrap draws from."""
    return np.unique(np.concatenate([rows["member_id"].to_numpy(dtype=object) for rows in strata.values()]))


def bootstrap_bounds(
    strata: Mapping[str, pd.DataFrame],
    weights: CauseWeights,
    samples: list[StratumSample],
    params: Params,
    read: Callable[[StratumSample, Incidence], np.ndarray],
) -> list[np.ndarray]:
    """Percentile interval (bootstrap over members) of what `read` takes from each sample; shape (2, …)."""
    draws: list[list[np.ndarray]] = [[] for _ in samples]
    for times, values in _draws(strata, weights, params) if samples else ():
        for drawn, sample in zip(draws, samples, strict=True):
            drawn.append(read(sample, sample.incidence(values, times)))
    ends = [(1 - params.run.confidence) / 2, (1 + params.run.confidence) / 2]
    return [np.quantile(np.stack(drawn), ends, axis=0) for drawn in draws]


def _draws(
    strata: Mapping[str, pd.DataFrame], weights: CauseWeights, params: Params
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Multiplicity of each member and weights of each event, for each bootstrap sample of members."""
    order = member_order(strata)
    rng = np.random.default_rng(params.run.seed)
    code = pd.Index(order).get_indexer(pd.Index(weights.events["member_id"]))
    for _ in range(params.survival.bootstrap):
        times = resample(len(order), rng)
        of_event = np.where(code >= 0, times[code], 0)
        yield times, weights.values if weights.reweight is None else weights.reweight(of_event)


def cause_incidence(
    strata: Mapping[str, pd.DataFrame], weights: CauseWeights, params: Params, min_cell: int
) -> pd.DataFrame:
    """Share that has left from each cause by each day, by stratum.

    Parameters
    ----------
    strata
        Kind -> rows with a column ``stratum`` (`spell_strata.strata_rows`), with a kind ``all`` for
        everybody.
    weights
        From answered surveys (`stated_causes.stated_weights`) or posteriors (`CauseWeights.of`).
    min_cell
        Days with fewer at risk are left out.

    Returns
    -------
    DataFrame
        `COLUMNS`: cause (one of the six, or ``unknown`` for what the weights leave open); percentile interval
        of a bootstrap over members. On every day the incidences of a stratum and its Kaplan-Meier survival sum to one.
    """
    samples = stratum_samples(strata, weights, max(params.survival.min_at_risk, min_cell))

    def read(sample: StratumSample, incidence: Incidence) -> np.ndarray:
        cif = incidence.cif[:, written_days(sample.days, params.survival)]
        return cif.astype("float32")  # hundreds of draws are held at a time

    parts = []
    bounds = bootstrap_bounds(strata, weights, samples, params, read)
    for sample, (low, high) in zip(samples, bounds, strict=True):
        written = written_days(sample.days, params.survival)
        days, cif = sample.days[written], sample.incidence(weights.values).cif[:, written]
        columns = {
            "day": np.tile(days, len(cif)),
            "estimate": cif.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
        }
        part = pd.DataFrame(columns).assign(cause=np.repeat(CAUSES_AND_UNKNOWN, len(days)))
        parts.append(part.assign(stratum_kind=sample.kind, stratum=sample.stratum))
    return stack(parts, COLUMNS)
