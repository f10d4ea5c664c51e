"""A covariate without effect is found without effect, at the nominal rate."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.survival.cox.counting_process import StartStop
from whychurn.survival.cox.negative_control import control_facts, random_covariates
from whychurn.survival.cox.newton import Newton
from whychurn.survival.cox.regression import fit_cox, hazard_ratio_table
from whychurn.survival.definition_sensitivity import fixed_rows

COX = load_params(StudyPaths(PROJECT)).survival.cox
HOW = Newton(COX.ridge, COX.tolerance, COX.max_steps, COX.threads)


def programme(members: int, seed: int) -> StartStop:
    """Members with up to two stays, both entered late or not, cut into months; a frailty makes their stays alike."""
    rng = np.random.default_rng(seed)
    who, entry, stop, event, x = [], [], [], [], []
    for member in range(members):
        frailty = rng.gamma(2.0, 0.5)
        for _ in range(rng.integers(1, 3)):
            start = int(rng.integers(0, 60) * (rng.random() < 0.4))
            stay = start + rng.geometric(min(0.02 * frailty, 1))
            last = start + int(rng.integers(60, 200))
            cuts = np.arange(start, min(stay, last), 30)
            ends = np.append(cuts[1:], min(stay, last))
            who += [member] * len(cuts)
            entry += cuts.tolist()
            stop += ends.tolist()
            event += [0] * (len(cuts) - 1) + [int(stay <= last)]
            x += rng.normal(size=len(cuts)).tolist()
    return StartStop(
        terms=("real",),
        X=np.array(x)[:, None],
        entry=np.array(entry, float),
        stop=np.array(stop, float),
        event=np.array(event, float),
        cluster=np.array(who),
    )


def test_random_covariates_come_out_null_at_the_nominal_rate_over_200_programmes() -> None:
    """Every programme is simulated anew and has one random covariate a member."""
    p, covered = [], []
    for seed in range(200):
        row = random_covariates(programme(120, seed), HOW, 0.95, 1000 + seed, draws=1).iloc[0]
        p.append(row["p_value"])
        covered.append(row["low"] <= 1 <= row["high"])
    assert stats.binomtest(int((np.array(p) < 0.05).sum()), 200, 0.05).pvalue > 0.01
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert abs(np.mean(covered) - 0.95) < 0.05


def test_intervals_that_forget_the_members_would_reject_too_often() -> None:
    """The control can fail: one value a member in many rows of like risk, without clusters."""
    data = programme(150, 5)
    twice = StartStop(
        data.terms,
        np.vstack([data.X] * 8),
        np.tile(data.entry, 8),
        np.tile(data.stop, 8),
        np.tile(data.event, 8),
        cluster=np.tile(data.cluster, 8),  # type: ignore[arg-type]
    )
    honest = random_covariates(twice, HOW, 0.95, 1, draws=40)
    alone = StartStop(
        twice.terms, twice.X, twice.entry, twice.stop, twice.event, cluster=np.arange(len(twice.stop))
    )
    values = np.random.default_rng(1).standard_normal((150, 40))[twice.cluster]
    wrong = hazard_ratio_table(
        fit_cox(
            StartStop(
                tuple(f"r{n}" for n in range(40)),
                values,
                alone.entry,
                alone.stop,
                alone.event,
                cluster=alone.cluster,
            ),
            HOW,
        ),
        0.95,
    )
    assert (wrong["p_value"] < 0.05).mean() > 0.3
    assert (honest["p_value"] < 0.05).mean() < 0.2


def test_facts_count_what_chance_would_give() -> None:
    table = pd.DataFrame({"hazard_ratio": [0.9, 1.05], "p_value": [0.01, 0.5]})
    facts = control_facts(table, 0.95)
    assert (facts["draws"], facts["rejected"]) == (2, 1)
    assert np.isclose(facts["expected"], 0.1) and np.isclose(facts["largest"], 1 / 0.9)


def test_what_is_fixed_at_joining_becomes_flags_against_the_largest_group() -> None:
    stays = pd.DataFrame({"member_id": list("abcdef"), "spell_no": 1, "entry": 0, "exit": range(10, 16)})
    stays["event"] = True
    members = pd.DataFrame(
        {"member_id": list("abcdef"), "region": ["n"] * 3 + ["s", "s", None], "channel": "app"}
    )
    data = fixed_rows(stays, members, 2)
    assert data is not None and data.terms == ("region=s",)
    assert data.X[:, 0].tolist() == [0, 0, 0, 1, 1, 0]
    assert fixed_rows(stays, members, 4) is None
