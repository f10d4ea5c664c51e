"""From which cause stays end, and when: cumulative incidence of competing causes with events that count in part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params, SurvivalParams
from whychurn.contract.results import columns_of
from whychurn.stats.bootstrap import resample
from whychurn.survival.risk_set import Followed, at_risk, followed, leavings, within

ALL: Final = (*CAUSES, UNKNOWN)
COLUMNS: Final = columns_of("cause_incidence")
P: Final = [f"p_{cause}" for cause in CAUSES]
_SLACK: Final = 1e-6


@dataclass(frozen=True)
class CauseWeights:
    """In which part each leaving counts for each cause; what is missing from one is unknown.

    Parameters
    ----------
    leavings
        member_id and spell_no of n leavings; leavings that are not here are wholly unknown.
    values
        Shape (n, 6), in the order of `CAUSES`; not negative, sums at most 1.
    again
        Weights if leaving i had been seen ``times[i]`` times: lets the bootstrap carry what estimating the weights adds
        to the uncertainty. None: the weights stay.
    """

    leavings: pd.DataFrame
    values: Array
    again: Callable[[Array], Array] | None = None

    def __post_init__(self) -> None:
        sums = self.values.sum(axis=1)
        wrong = (self.values < -_SLACK).any(axis=1) | (sums > 1 + _SLACK) | ~np.isfinite(sums)
        if wrong.any():
            raise WhychurnError(
                "weights of causes must not be negative nor sum to more than one",
                rows=int(wrong.sum()),
                remedy="divide each leaving's weights by their sum",
            )

    @classmethod
    def of(cls, frame: pd.DataFrame) -> CauseWeights:
        """From a table with member_id, spell_no and ``p_<cause>`` (as posteriors are kept); no value counts as zero."""
        return cls(frame[["member_id", "spell_no"]], np.nan_to_num(frame[P].to_numpy(float)))


@dataclass(frozen=True)
class Incidence:
    """What one sample says, on days ``span.first - 1`` (nobody has left) to ``span.last``.

    Parameters
    ----------
    stay
        Share that stays beyond each day, shape (days,).
    cif
        Share that has left from each of `ALL` by each day, shape (7, days); with `stay` it sums to one.
    without
        Share that would stay if the hazard of one of `CAUSES` were zero and the others were as they are: members
        saved from it stay exposed to the rest. Shape (6, days).
    """

    stay: Array
    cif: Array
    without: Array


def aalen_johansen(number: Array, left: Array) -> Incidence:
    """Aalen-Johansen incidences from counts (Aalen and Johansen 1978), with ``without`` as in `Incidence`.

    Parameters
    ----------
    number
        At risk on each day, shape (days,).
    left
        Leavings (whole or in part) of each of `ALL` on each day, shape (7, days).
    """
    hazard = np.divide(left, number, out=np.zeros_like(left), where=number > 0)
    total = np.minimum(hazard.sum(axis=0), 1.0)
    stay = np.cumprod(1 - total)
    before = np.concatenate([[1.0], stay[:-1]])
    cif = np.cumsum(before * hazard, axis=1)
    assert np.allclose(cif.sum(axis=0) + stay, 1, atol=1e-9), "incidences and survival do not sum to one"
    rest = np.maximum(1 - (total - hazard[: len(CAUSES)]), 0.0)
    start = np.zeros((len(ALL), 1))
    return Incidence(
        stay=np.concatenate([[1.0], stay]),
        cif=np.concatenate([start, cif], axis=1),
        without=np.concatenate([np.ones((len(CAUSES), 1)), np.cumprod(rest, axis=1)], axis=1),
    )


@dataclass(frozen=True)
class Sample:
    """Rows of one stratum, ready to be counted again and again with other multiplicities of members."""

    span: Followed
    entry: Array
    exit: Array
    member: Array  # code of the member of each row
    gone: Array  # positions of the rows that end in leaving
    leaving: Array  # for each of them its row in the weights, -1 where it has none

    def count(self, values: Array, times: Array | None) -> Incidence:
        """Incidences with weights `values` (n, 6), each member counted ``times[code]`` times."""
        last = self.span.last
        weight = None if times is None else times[self.member].astype(float)
        number = at_risk(self.entry, self.exit, weight, last)
        known = np.vstack([values, np.zeros(len(CAUSES))])[self.leaving]  # -1 is the row of zeros
        share = np.column_stack([known, np.clip(1 - known.sum(axis=1), 0, None)])
        if weight is not None:
            share = share * weight[self.gone][:, None]
        day = self.exit[self.gone]
        left = np.array([leavings(day, part, last) for part in share.T])
        return aalen_johansen(number[self.span.first :], left[:, self.span.first :])

    @property
    def days(self) -> Array:
        """Day of each value."""
        return np.arange(self.span.first - 1, self.span.last + 1)


def samples(
    strata: Mapping[str, pd.DataFrame], weights: CauseWeights, least: int
) -> Iterator[tuple[str, str, Sample]]:
    """Kind, stratum and `Sample` of each stratum in which at least `least` are at risk on some day.

    Member codes are positions in the order of `member_order`.
    """
    order = pd.Index(member_order(strata))
    place = weights.leavings.reset_index(drop=True).assign(place=np.arange(len(weights.leavings)))
    place = place.astype({"spell_no": "int64"})
    for kind, rows in strata.items():
        for stratum, mine in rows.groupby("stratum", sort=True):
            span = followed(mine["entry"].to_numpy(), mine["exit"].to_numpy(), least)
            if span is None:
                continue
            cut = within(mine, span)
            found = cut.loc[cut["event"], ["member_id", "spell_no"]].merge(
                place, on=["member_id", "spell_no"], how="left"
            )
            yield (
                kind,
                str(stratum),
                Sample(
                    span,
                    cut["entry"].to_numpy(),
                    cut["exit"].to_numpy(),
                    order.get_indexer(pd.Index(cut["member_id"])),
                    np.flatnonzero(cut["event"].to_numpy(dtype=bool)),
                    found["place"].fillna(-1).to_numpy(dtype="int64"),
                ),
            )


def member_order(strata: Mapping[str, pd.DataFrame]) -> Array:
    """Members of all strata, sorted: what the bootstrap draws from."""
    return np.unique(np.concatenate([rows["member_id"].to_numpy(dtype=object) for rows in strata.values()]))


def draws(
    strata: Mapping[str, pd.DataFrame], weights: CauseWeights, params: Params
) -> Iterator[tuple[Array, Array]]:
    """Multiplicity of each member and weights of each leaving, for each bootstrap sample of members."""
    order = member_order(strata)
    rng = np.random.default_rng(params.run.seed)
    code = pd.Index(order).get_indexer(pd.Index(weights.leavings["member_id"]))
    for _ in range(params.survival.bootstrap):
        times = resample(len(order), rng)
        seen = np.where(code >= 0, times[code], 0)
        yield times, weights.values if weights.again is None else weights.again(seen)


def cause_incidence(
    strata: Mapping[str, pd.DataFrame], weights: CauseWeights, params: Params, min_cell: int
) -> pd.DataFrame:
    """Share that has left from each cause by each day, by stratum.

    Parameters
    ----------
    strata
        Kind -> rows with a column ``stratum`` (`strata.strata_rows`); a kind ``all`` with everybody is usual.
    weights
        From answered surveys (`stated.stated_weights`) or posteriors (`CauseWeights.of`).
    min_cell
        Nothing is told of fewer at risk.

    Returns
    -------
    DataFrame
        `COLUMNS`: cause (one of the six, or ``unknown`` for what the weights leave open); percentile interval of a
        bootstrap over members. On every day the incidences of a stratum and its Kaplan-Meier survival sum to one.
    """
    parts = []
    stack = list(samples(strata, weights, max(params.survival.min_at_risk, min_cell)))
    repeated = _repeat(stack, strata, weights, params, lambda found, place: found.cif[:, place])
    for (kind, stratum, sample), bounds in zip(stack, repeated, strict=True):
        place = grid(sample, params.survival)
        cif = sample.count(weights.values, None).cif[:, place]
        columns = {"day": np.tile(sample.days[place], len(ALL)), "cif": cif.ravel()}
        columns |= {"low": bounds[0].ravel(), "high": bounds[1].ravel()}
        part = pd.DataFrame(columns).assign(cause=np.repeat(ALL, len(place)))
        parts.append(part.assign(stratum_kind=kind, stratum=stratum))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    kinds = dict.fromkeys(("cause", "stratum_kind", "stratum"), "string")
    return table[COLUMNS].astype({name: kinds.get(name, "float64") for name in COLUMNS})


def grid(sample: Sample, params: SurvivalParams) -> Array:
    """Positions of the days that are written."""
    days = sample.days
    wanted = (days % params.curve_step_days == 0) | np.isin(days, [days[0], days[-1], *params.stay_days])
    return np.flatnonzero(wanted)


def _repeat(
    stack: list[tuple[str, str, Sample]],
    strata: Mapping[str, pd.DataFrame],
    weights: CauseWeights,
    params: Params,
    read: Callable[[Incidence, Array], Array],
) -> list[Array]:
    """Lower and upper bound of what `read` takes from each sample, shape (2, …)."""
    places = [grid(sample, params.survival) for _, _, sample in stack]
    found: list[list[Array]] = [[] for _ in stack]
    for times, values in draws(strata, weights, params) if stack else ():
        for number, (_, _, sample) in enumerate(stack):
            found[number].append(read(sample.count(values, times), places[number]).astype("float32"))
    ends = [(1 - params.run.confidence) / 2, (1 + params.run.confidence) / 2]
    return [np.quantile(np.stack(values), ends, axis=0) for values in found]
