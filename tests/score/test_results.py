"""The whole scorecard: who knows more scores more, and what lies outside the six shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import Params
from whychurn.report.causes.sentences.method_overview import method_overview, rankings
from whychurn.score.facts import score_facts, score_fits
from whychurn.score.ground_truth import GroundTruth
from whychurn.score.results import Scorecard, score_causes
from whychurn.score.upper_bound_classifier import fit_upper_bound, member_folds

P = [f"p_{cause}" for cause in CAUSES]
LEAVERS, THERE, FLOOR = 1500, 200, 5


class Programme:
    """Leavings whose hazards add up from six exposures: the posterior is their share, exposures are the
    evidence.
    """

    def __init__(self, hidden: float = 0.0, seed: int = 3) -> None:
        self.rng = rng = np.random.default_rng(seed)
        n = LEAVERS + THERE
        exposure = rng.exponential(1, (n, 6)) * (rng.random((n, 6)) < 0.4)
        hazard = 0.15 + exposure * np.array([3, 2, 1, 1, 1.5, 0.8])
        self.q = hazard / hazard.sum(axis=1, keepdims=True)
        self.y = (np.cumsum(self.q, axis=1) < rng.random(n)[:, None]).sum(axis=1).clip(max=5)
        number = np.arange(n)
        member = pd.Series(np.where(number < LEAVERS, number // 2, number)).astype(
            str
        )  # two leavings a member
        spell = number % 2 + 1
        day = pd.Timestamp("2024-02-01") + pd.to_timedelta(
            200 * (spell - 1) + rng.integers(0, 30, n), unit="D"
        )
        status = np.where(np.arange(n) < LEAVERS, "churned", "at_risk")
        self.keys = pd.DataFrame(
            {"member_id": "m" + member, "spell_no": spell, "status": status, "anchor_on": day}
        )
        self.evidence = self.keys.assign(**{f"x_{cause}": exposure[:, at] for at, cause in enumerate(CAUSES)})
        self.evidence.loc[::7, "x_price"] = np.nan
        there = status == "at_risk"
        drawn = np.array(CAUSES, object)[self.y]
        drawn[rng.random(n) < hidden] = "hidden"
        causes = self.keys.rename(columns={"spell_no": "spell"}).drop(columns="anchor_on")
        left = (day + pd.Timedelta(days=12)).where(~there)
        causes = causes.assign(decided_on=left, left_on=left, cause=np.where(there, None, drawn))
        causes[P] = self.q
        saved = {f"p_without_{cause}": 0.5 - 0.05 * (6 - at) / 6 for at, cause in enumerate(CAUSES)}
        self.planted = GroundTruth(causes, pd.DataFrame({"p_churn": [0.5, 0.5], **saved}))

    def attribute(self, method: str, p: np.ndarray, unknown_below: float = 0.0) -> pd.DataFrame:
        primary = np.where(
            p.max(axis=1) >= unknown_below, np.array(CAUSES, object)[p.argmax(axis=1)], UNKNOWN
        )
        table = self.keys.assign(method=method, primary_cause=primary)
        table[P] = p
        return table

    def shares(self, method: str, share: np.ndarray, half: float, avoidable: float = np.nan) -> pd.DataFrame:
        table = pd.DataFrame({"method": method, "cause": CAUSES, "share": share})
        table["low"], table["high"] = share - half, share + half
        for name, shift in (("share", 0), ("low", -half), ("high", half)):
            table[f"avoidable_{name}"] = avoidable + shift
        return table

    def score(self, attributions: pd.DataFrame, shares: pd.DataFrame, params: Params) -> Scorecard:
        privacy = params.privacy.model_copy(update={"min_cell": FLOOR})
        own = params.model_copy(update={"privacy": privacy})
        return score_causes(attributions, shares, self.evidence, self.planted, own)


def value(card: Scorecard, method: str, measure: str, cause: str = "all", column: str = "value") -> float:
    table = card.scores
    mine = table[(table["method"] == method) & (table["measure"] == measure) & (table["cause"] == cause)]
    return float(mine[column].item())


@pytest.fixture(scope="module")
def known(params: Params) -> tuple[Programme, Scorecard]:
    """Three methods: one names the drawn cause, one knows the posterior with noise, one says the same of all."""
    made = Programme()
    truth, even = np.eye(6)[made.y], np.full((len(made.y), 6), 1 / 6)
    noisy = made.q * np.exp(made.rng.normal(0, 0.3, made.q.shape))
    noisy /= noisy.sum(axis=1, keepdims=True)
    attributions = pd.concat(
        [
            made.attribute("names_it", truth),
            made.attribute("noisy", noisy, unknown_below=0.5),
            made.attribute("even", even, unknown_below=0.5),
        ]
    )
    drawn = np.bincount(made.y[:LEAVERS], minlength=6) / LEAVERS
    shares = pd.concat([made.shares("names_it", drawn, 0.01), made.shares("noisy", drawn + 0.02, 0.01, 0.1)])
    return made, made.score(attributions, shares, params)


def test_oracle_beats_ceiling_beats_prior_beats_majority(known: tuple[Programme, Scorecard]) -> None:
    _, card = known
    losses = [value(card, method, "log_loss") for method in ("oracle", "ceiling", "prior", "majority")]
    assert losses == sorted(losses)
    assert value(card, "prior", "skill") == 0 and value(card, "ceiling", "skill") == pytest.approx(1)
    assert value(card, "oracle", "skill") > 1
    assert value(card, "prior", "macro_f1") < value(card, "ceiling", "macro_f1")


def test_naming_the_drawn_cause_beats_even_the_simulator(known: tuple[Programme, Scorecard]) -> None:
    _, card = known
    assert value(card, "names_it", "skill") > value(card, "oracle", "skill") > 1
    assert value(card, "names_it", "accuracy") == 1 and value(card, "names_it", "macro_f1") == 1
    assert value(card, "names_it", "log_loss_expected") > value(card, "oracle", "log_loss_expected"), (
        "the luck of the draw is no knowledge"
    )


def test_losses_match_their_formula_and_intervals_hold_them(known: tuple[Programme, Scorecard]) -> None:
    made, card = known
    q, y = made.q[:LEAVERS], made.y[:LEAVERS]
    assert value(card, "oracle", "log_loss") == pytest.approx(
        -np.log(q[np.arange(LEAVERS), y]).mean(), abs=1e-3
    )
    assert value(card, "even", "log_loss") == pytest.approx(np.log(6))
    for method, measure in (("oracle", "log_loss"), ("noisy", "skill"), ("noisy", "accuracy")):
        low, high = (value(card, method, measure, column=name) for name in ("low", "high"))
        assert low < value(card, method, measure) < high


def test_abstaining_pays_for_who_knows_and_not_for_who_never_speaks(
    known: tuple[Programme, Scorecard],
) -> None:
    _, card = known
    assert value(card, "noisy", "abstention_gain") > 0.05
    assert 0 < value(card, "noisy", "abstained") < 1 and value(card, "even", "abstained") == 1
    assert not ((card.scores["method"] == "even") & (card.scores["measure"] == "accuracy_named")).any()


def test_the_posterior_is_calibrated_and_the_drawn_cause_is_too(known: tuple[Programme, Scorecard]) -> None:
    _, card = known
    assert value(card, "oracle", "ece") < 0.03 and value(card, "names_it", "ece") < 0.002
    assert value(card, "majority", "ece", "product_service") > 0.3
    small = card.calibration[card.calibration["suppressed"]]
    assert len(small) and small[["members", "p_mean", "frequency"]].isna().all(axis=None)
    assert card.calibration["members"].min() >= FLOOR


def test_shares_and_avoidable_churn(known: tuple[Programme, Scorecard]) -> None:
    made, card = known
    assert value(card, "names_it", "share_error_largest") == pytest.approx(0)
    assert value(card, "names_it", "share_covered") == 1
    assert value(card, "noisy", "share_error", "price") == pytest.approx(0.02)
    assert value(card, "noisy", "share_covered") == 0
    assert value(card, "planted", "avoidable", "product_service") == pytest.approx(0.1)
    assert value(card, "noisy", "avoidable_error", "natural") == pytest.approx(0.1 - 0.1 / 6)
    assert value(card, "noisy", "avoidable_covered", "product_service") == 1
    assert not (
        (card.scores["method"] == "names_it") & card.scores["measure"].str.startswith("avoidable_e")
    ).any()
    drawn = np.bincount(made.y[:LEAVERS], minlength=6) / LEAVERS
    assert value(card, "planted", "share", "natural") == pytest.approx(drawn[5])


def test_members_still_there_are_scored_against_the_mix_of_their_hazards(
    known: tuple[Programme, Scorecard],
) -> None:
    _, card = known
    least = value(card, "oracle", "at_risk_log_loss_expected")
    assert least < value(card, "noisy", "at_risk_log_loss_expected") < np.log(6)


def test_what_is_written_for_people_and_the_tracker(
    known: tuple[Programme, Scorecard], params: Params
) -> None:
    _, card = known
    assert method_overview(card.scores)["method"].to_list()[0] == "names_it"
    fits = {fit.name: fit for fit in score_fits(card, params.score)}
    assert set(fits) == set(card.scores["method"]) and fits["planted"].tables
    assert fits["noisy"].metrics["skill_low"] < fits["noisy"].metrics["skill"]
    assert fits["planted"].metrics["matched"] == LEAVERS
    facts = score_facts(card, params.score)
    assert facts["methods"]["prior"]["skill"] == 0 and facts["floor"] == params.score.floor


def test_a_hidden_cause_shows_and_is_not_held_against_the_log_loss(params: Params) -> None:
    made = Programme(hidden=0.4)
    attributions = made.attribute("posterior", made.q)
    drawn = made.planted.causes.loc[made.planted.causes["status"] == "churned", "cause"]
    card = made.score(attributions, made.shares("posterior", made.q[:LEAVERS].mean(axis=0), 0.02), params)
    hidden = (drawn == "hidden").mean()
    assert value(card, "planted", "hidden_share") == pytest.approx(hidden)
    mass = [value(card, "posterior", "hidden_mass", cause) for cause in CAUSES]
    assert sum(mass) == pytest.approx(hidden), "the hidden share was spread over the six"
    assert mass[0] == max(mass)
    assert value(card, "posterior", "hidden_abstained") == 0
    assert value(card, "posterior", "share_error_largest") > 0.05, "shares of the six are too large"
    assert value(card, "posterior", "log_loss") == pytest.approx(value(card, "oracle", "log_loss"), abs=1e-3)


def test_leavings_without_a_row_are_counted_and_scored_as_knowing_nothing(params: Params) -> None:
    made = Programme()
    whole, half = made.attribute("whole", made.q), made.attribute("half", made.q).iloc[: LEAVERS // 2]
    card = made.score(pd.concat([whole, half]), made.shares("whole", np.full(6, 1 / 6), 0.1), params)
    assert value(card, "half", "not_attributed") == 0.5 and value(card, "whole", "not_attributed") == 0
    expected = (value(card, "whole", "log_loss") + np.log(6)) / 2
    assert value(card, "half", "log_loss") == pytest.approx(expected, rel=0.05)
    assert value(card, "half", "abstained") == 0.5


def test_one_leaving_attributed_twice_is_an_error(params: Params) -> None:
    made = Programme()
    rows = made.attribute("twice", made.q)
    with pytest.raises(WhychurnError, match="attributes one leaving twice"):
        made.score(pd.concat([rows, rows.head(3)]), made.shares("twice", np.full(6, 1 / 6), 0.1), params)


def test_nothing_planted_matches_nothing_scored(params: Params) -> None:
    made = Programme()
    late = made.planted.causes.assign(
        decided_on=pd.Timestamp("2030-01-01"), left_on=pd.Timestamp("2030-01-01")
    )
    made.planted = replace(made.planted, causes=late)
    card = made.score(made.attribute("any", made.q), made.shares("any", np.full(6, 1 / 6), 0.1), params)
    assert card.scores.empty and card.matching["attributed_only"] == LEAVERS
    assert score_fits(card, params.score) == []


def test_the_ceiling_never_sees_the_member_it_judges(params: Params) -> None:
    rng = np.random.default_rng(0)
    member = np.repeat(np.arange(300), 2)
    fold = member_folds(member, params.score.ceiling.folds, params.run.seed)
    assert (fold[::2] == fold[1::2]).all() and np.bincount(fold).min() > 80
    y = np.repeat(
        rng.integers(0, 6, 300), 2
    )  # both leavings of a member alike, and a column that tells the member
    evidence = pd.DataFrame({"x_member": member.astype(float), "x_noise": rng.random(600)})
    p = fit_upper_bound(evidence, y, member, params)
    assert p is not None
    assert -np.log(p[np.arange(600), y]).mean() > np.log(6) * 0.98, (
        "knowing the member would give the cause away"
    )


def test_no_ceiling_without_evidence_or_with_too_few_leavings(params: Params) -> None:
    y, member = np.arange(90) % 6, np.arange(90)
    noise = np.random.default_rng(0).random(90)
    assert fit_upper_bound(pd.DataFrame({"other": noise}), y, member, params) is None
    assert fit_upper_bound(pd.DataFrame({"x_same": np.ones(90)}), y, member, params) is None
    assert fit_upper_bound(pd.DataFrame({"x_a": noise[:20]}), y[:20], member[:20], params) is None
    assert fit_upper_bound(pd.DataFrame({"x_a": noise}), y, member, params) is not None


def test_without_a_ceiling_there_is_no_skill(params: Params) -> None:
    made = Programme()
    made.evidence = made.keys
    card = made.score(made.attribute("any", made.q), made.shares("any", np.full(6, 1 / 6), 0.1), params)
    assert not (card.scores["measure"] == "skill").any()
    assert value(card, "any", "log_loss") < value(card, "prior", "log_loss")
    assert method_overview(card.scores)["skill"].isna().all()


def test_shap_families_stand_beside_the_churn_that_each_cause_adds(params: Params) -> None:
    made = Programme()
    backwards = made.planted.without.iloc[0][[f"p_without_{cause}" for cause in CAUSES]].to_numpy("float64")
    shares = pd.concat(
        [
            made.shares("shap_family", backwards / backwards.sum(), 0.01),
            made.shares("mine", made.q.mean(axis=0), 0.01, 0.1),
        ]
    )
    attributions = pd.concat([made.attribute("shap_family", made.q), made.attribute("mine", made.q)])
    card = made.score(attributions, shares, params)
    table = rankings(card.scores, ["shap_family", "mine"])
    by_planted = table[table["method"] == "planted"]
    assert by_planted["cause"].to_list() == list(CAUSES) and by_planted["rank"].to_list() == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]
    shap = table[table["method"] == "shap_family"]
    assert shap["rank"].to_list() == [6, 5, 4, 3, 2, 1] and shap["measure"].unique() == ["share"]
    assert value(card, "shap_family", "share_rank_agreement") == pytest.approx(-1)
    assert set(table.loc[table["method"] == "mine", "measure"]) == {"avoidable"}
    assert rankings(card.scores.iloc[:0], ["mine"]).empty
