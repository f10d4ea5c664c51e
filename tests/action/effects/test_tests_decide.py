"""What tests found decides who may be sent what: a null is not overruled by belief, an effect carries, the rest has to pay."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.action.effects.efficacy import Effects, fitted_effects
from whychurn.action.effects.estimates.basis import Believed
from whychurn.action.effects.estimates.decay import Decay
from whychurn.action.effects.estimates.fit import believed_only, fit_effects
from whychurn.action.effects.estimates.pooled import pooled_effects
from whychurn.action.effects.estimates.randomised_rows import RandomisedRows, randomised_rows
from whychurn.action.effects.mix import Q_COLUMNS
from whychurn.action.effects.verdicts import verdicts
from whychurn.action.plan.gains import net_where_chosen, option_gains
from whychurn.action.plan.options import Option

TESTED = ["coupon", "price_match", "service_callback"]
DUDS = ["personal_picks", "community_invite"]


SEEDS = (1, 2, 3, 4)


@pytest.fixture(scope="module")
def found(planted, believed) -> list[Effects]:
    belief = {**believed, "call": Believed(("natural",), 0.35)}
    return [_found(randomised_rows(*planted(seed, members=20_000)), belief) for seed in SEEDS]


def _found(rows: RandomisedRows, believed: dict[str, Believed]) -> Effects:
    fit = fit_effects(rows, believed, 24, 7)
    tested = verdicts(rows, pooled_effects(rows), believed, 0.05)
    return fitted_effects(fit, [Decay(0.0, 16.0, False)] * len(fit.actions), tested, 90)


def _members(n: int = 900) -> pd.DataFrame:
    """Members of every mix of causes, a third of whom bring little, none averse to contact."""
    rng = np.random.default_rng(11)
    state = pd.DataFrame(rng.dirichlet([0.5] * 6, n), columns=Q_COLUMNS)
    return state.assign(p_leave=0.15, d=0.0, margin_day=np.where(np.arange(n) % 3, 3.0, 0.02))


def _sent(found: Effects, names: list[str], cost: float) -> np.ndarray:
    state, entries = _members(), {"coupon": "price", "price_match": "competition", "service_callback": "product_service",
                                  "personal_picks": "personalization", "community_invite": "engagement", "call": "natural"}  # fmt: skip
    options = [Option(name, (entries[name],), {"sms": cost}, None, None) for name in names]
    gains = option_gains(state, options, found, 365)
    net = net_where_chosen(options, found, gains, "any", np.ones(len(state), dtype=bool))
    return np.nan_to_num(net, nan=-1.0) > 0


def test_a_tested_action_that_does_nothing_is_not_sent_on_belief(found, believed) -> None:
    alone = believed_only(believed, 24, 7)
    untested = fitted_effects(
        alone, [Decay(0.0, 16.0, False)] * len(alone.actions), dict.fromkeys(believed, "untested"), 90
    )
    assert _sent(untested, DUDS, 5.0).mean() > 0.3
    assert np.mean([_sent(one, DUDS, 5.0) for one in found]) < 0.1


def test_a_tested_action_that_works_is_sent_to_those_for_whom_it_is_worth_its_cost(found) -> None:
    state = _members()
    rich = (state["margin_day"] > 1).to_numpy()
    for one in found:
        sent = _sent(one, TESTED, 15.0)
        assert (sent[rich].mean(axis=0) > 0.2).all()
        assert not sent[~rich].any()  # a year of theirs is worth 7
        for at, cause in enumerate(("price", "competition", "product_service")):
            q = state[f"p_{cause}"].to_numpy()
            assert q[rich & sent[:, at]].mean() > q[rich & ~sent[:, at]].mean() + 0.15
        assert not _sent(one, TESTED, 900.0).any()


def test_an_untested_action_is_sent_only_where_it_is_likelier_than_not_to_pay(found) -> None:
    natural = _members()["p_natural"].to_numpy()
    for one in found:
        assert one.tested["call"] == "untested"
        cheap, dear = (_sent(one, ["call"], cost)[:, 0] for cost in (5.0, 25.0))
        assert cheap.any() and natural[cheap].mean() > natural[~cheap].mean() + 0.1
        assert dear.sum() < cheap.sum() / 2
