"""A model of a programme goes on where single estimates are not finite, and says what it left out or took back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.contract.errors import WhychurnError
from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.panel.features.catalogue import load_catalogue
from whychurn.survival.competing_risks.cumulative_incidence import CauseWeights
from whychurn.survival.competing_risks.stated_causes import StatedCauses
from whychurn.survival.cox.counting_process import StartStop
from whychurn.survival.hazard_ratios import assumption_remedies
from whychurn.survival.hazard_ratios.assumption_remedies import (
    Remedies,
    check_proportionality,
    choose_splines,
    spline_terms,
)
from whychurn.survival.hazard_ratios.cause_specific import cause_hazard_ratios, stated_event_weights
from whychurn.survival.hazard_ratios.cox_model import (
    CURVE,
    GIVEN_UP,
    STRATIFIED,
    TENURE,
    NoCoxError,
    fit_or_penalise,
    fit_penalised,
    fit_without_aliased_terms,
    newton_settings,
)
from whychurn.survival.hazard_ratios.model_building import CoxModels, build_cox_models, pooled_strata
from whychurn.survival.hazard_ratios.ratio_tables import curve_rows, proportionality_rows, ratio_rows

PARAMS = load_params(StudyPaths(PROJECT))


def stays(n: int, seed: int, hazard: float = 0.01) -> tuple[pd.DataFrame, np.random.Generator]:
    """One row a member, who leaves at a constant rate or is seen to stay for 200 days."""
    rng = np.random.default_rng(seed)
    wait = np.ceil(rng.exponential(1 / hazard, n))
    rows = pd.DataFrame({"member_id": [f"m{i}" for i in range(n)], "spell_no": 1, "entry": 0.0})
    rows["exit"], rows["event"] = np.minimum(wait, 200.0), (wait <= 200).astype(float)
    return rows, rng


def study(rows: pd.DataFrame) -> CoxModels:
    return build_cox_models(rows, load_catalogue(), "inactivity", PARAMS, [])


def readable(found: CoxModels) -> None:
    """Tables can be made, and no ratio before or after is missing without a note."""
    table = ratio_rows(found, 0.95)
    assert (table["hazard_ratio"].notna() | table["note_en"].ne("")).all()
    proportionality_rows(found), curve_rows(found, 0.95, 10)


def test_a_covariate_that_separates_gets_a_penalised_ratio_and_a_note() -> None:
    rows, rng = stays(300, 0)
    rows["tickets_90d"] = 400.0 - rows["exit"] + 300 * rows["event"]  # whoever leaves first stands highest
    rows["age_years"] = rng.normal(40, 10, 300)
    found = study(rows)
    assert found.before.penalised and np.isfinite(found.before.fit.coefficients).all()
    assert ratio_rows(found, 0.95)["note_en"].str.contains("penalised").any()
    readable(found)


def test_a_covariate_that_is_the_same_for_all_at_risk_is_left_out_and_the_rest_goes_on() -> None:
    rows, rng = stays(400, 1)
    late = rows["exit"] == 200  # varies only in rows that nobody leaves beside
    more = rows[late].assign(entry=200.0, exit=230.0, event=0.0, tickets_90d=rng.integers(0, 9, late.sum()))
    rows = pd.concat([rows.assign(tickets_90d=2), more], ignore_index=True)
    rows["age_years"] = rng.normal(40, 10, len(rows))
    found = study(rows)
    assert found.left_out["tickets_90d"] == "no_estimate"
    assert [one.name for one in found.before.covariates] == ["age_years"] and not found.before.penalised
    readable(found)
    with pytest.raises(NoCoxError, match="no_covariates"):
        study(rows.drop(columns="age_years"))


def bent(seed: int) -> pd.DataFrame:
    """Leaving goes with the square of one covariate, and with another one early in the stay only."""
    rng = np.random.default_rng(seed)
    n = 3000
    age, tickets = rng.normal(40, 10, n), rng.poisson(3, n)
    parts = []
    alive = np.ones(n, bool)
    for month in range(8):
        slope = 0.5 if month < 2 else -0.2
        hazard = 0.002 * np.exp(0.02 * ((age - 40) / 5) ** 2 * 5 + slope * (tickets - 3))
        wait = np.ceil(rng.exponential(1 / hazard))
        at = np.flatnonzero(alive)
        gone = wait[at] <= 30
        frame = pd.DataFrame({"member_id": at, "spell_no": 1, "entry": 30.0 * month})
        frame["exit"] = 30.0 * month + np.minimum(wait[at], 30)
        parts.append(frame.assign(event=gone.astype(float), age_years=age[at], tickets_90d=tickets[at]))
        alive[at[gone]] = False
    return pd.concat(parts, ignore_index=True)


class TestTakenBack:
    """Each remedy in turn has no finite estimate; the model without it stands, and the tables say so."""

    rows = bent(2)

    def test_both_remedies_are_needed_here(self) -> None:
        found = study(self.rows)
        assert list(found.after.knots) == ["age_years"] and "tickets_90d" in found.after.time_varying
        assert not found.given_up

    def test_bends(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = self.without(":bend", monkeypatch)
        assert found.given_up == {"age_years": CURVE}
        assert not found.after.knots and "tickets_90d" in found.after.time_varying
        assert not found.splines.set_index("feature").loc["age_years", "kept"]
        readable(found)

    def test_tenure(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = self.without(":tenure", monkeypatch)
        assert found.given_up["tickets_90d"] == TENURE
        assert found.proportionality.set_index("term").loc["tickets_90d", "action"] == GIVEN_UP
        assert not found.after.time_varying and list(found.after.knots) == ["age_years"]
        readable(found)

    def test_all(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = self.without(":", monkeypatch)
        assert found.after is found.before and set(found.given_up) == {"age_years", "tickets_90d"}
        readable(found)

    def without(self, mark: str, monkeypatch: pytest.MonkeyPatch) -> CoxModels:
        """The study where columns with `mark` in their name separate, once curves have been chosen."""
        refit = assumption_remedies._refit

        def separating(*args: Any) -> Any:
            model = refit(*args)
            spoilt = [term.name for term in model.terms if mark in term.name]
            if spoilt:
                raise WhychurnError("no finite estimate", column=", ".join(spoilt))
            return model

        monkeypatch.setattr(assumption_remedies, "_refit", separating)
        return study(self.rows)


def test_a_few_far_values_never_stop_a_study() -> None:
    """Bends of a heavy tail in which nobody leaves: a ridge does not keep their ratio over the range small."""
    for seed in range(6):
        rows, rng = stays(250, seed)
        value = np.exp(rng.normal(0, 1, 250)) + 300 * (rows["event"] == 0) * (rng.random(250) < 0.3)
        rows["order_value_180d"], rows["tickets_90d"] = value, rng.poisson(0.3, 250)
        readable(study(rows))


def test_terms_without_a_finite_ratio_for_one_cause_have_no_row_and_the_others_have() -> None:
    rng = np.random.default_rng(3)
    n = 400
    stop = np.ceil(rng.exponential(80, n))
    X = np.column_stack([1e3 - stop, rng.normal(size=n), np.ones(n)])
    data = StartStop(("first_out", "noise", "same"), X, np.zeros(n), stop, np.ones(n), cluster=np.arange(n))
    fit, kept = fit_without_aliased_terms(data, PARAMS.survival.cox, np.zeros(3))
    assert fit is not None and fit.terms == ("noise",) and kept.tolist() == [False, True, False]
    none, kept = fit_without_aliased_terms(
        StartStop(("same",), np.ones((n, 1)), np.zeros(n), stop, np.ones(n)), PARAMS.survival.cox, np.zeros(1)
    )
    assert none is None and not kept.any()


def test_causes_of_a_study_are_modelled_beside_each_other() -> None:
    rows = bent(4)
    found = study(rows)
    gone = rows.loc[rows["event"] > 0, ["member_id", "spell_no", "tickets_90d"]].reset_index(drop=True)
    many = (gone["tickets_90d"] > 3).to_numpy(float)
    weights = gone[["member_id", "spell_no"]].assign(p_product_service=many, p_price=1 - many)
    for cause in ("personalization", "engagement", "competition", "natural"):
        weights[f"p_{cause}"] = 0.0
    table = cause_hazard_ratios(found, weights, PARAMS)
    ratio = table.set_index(["cause", "term"])["hazard_ratio"]
    assert set(table["cause"]) == {"product_service", "price"}
    assert ratio["product_service", "tickets_90d"] > 1 > ratio["price", "tickets_90d"]


def test_a_fit_without_a_maximum_is_penalised_and_has_no_sandwich() -> None:
    rng, n = np.random.default_rng(5), 300
    wait = np.ceil(rng.exponential(80, n))
    stop, event = np.minimum(wait, 60), (wait <= 60).astype(float)
    X = np.column_stack([event, rng.normal(size=n)])  # a flag of those who leave, and of nobody else
    data = StartStop(("leaver", "noise"), X, np.zeros(n), stop, event, cluster=np.arange(n))
    cox = PARAMS.survival.cox
    fit, penalised = fit_or_penalise(data, cox)
    assert penalised and fit.robust_covariance is None
    assert fit.coefficients == pytest.approx(fit_penalised(data, cox).coefficients)
    only_noise = StartStop(("noise",), X[:, [1]], np.zeros(n), stop, event, cluster=np.arange(n))
    plain, penalised = fit_or_penalise(only_noise, cox)
    assert not penalised and plain.robust_covariance is not None
    assert newton_settings(cox).ridge == cox.ridge and newton_settings(cox, 2.5).ridge == 2.5


def test_what_an_error_names_is_given_up_first() -> None:
    knots = {"age": np.array([1.0, 2, 3]), "price": np.array([1.0, 2, 3])}
    remedies = Remedies(knots, ["region"], ["tickets"])
    fewer, names, kind = remedies.without(WhychurnError("no maximum", column="age:bend1, noise"))
    assert (names, kind, list(fewer.knots)) == (["age"], CURVE, ["price"])
    fewer, names, kind = remedies.without(WhychurnError("no maximum", column="tickets:tenure"))
    assert (names, kind, fewer.tenure, list(fewer.knots)) == (["tickets"], TENURE, [], ["age", "price"])
    fewer, names, kind = remedies.without(WhychurnError("no maximum"))
    assert (names, kind, fewer.knots) == (["age", "price"], CURVE, {}), "without a name: all splines first"
    fewer, names, kind = Remedies({}, ["region"], []).without(WhychurnError("no maximum"))
    assert (names, kind, fewer.strata) == (["region"], STRATIFIED, [])


def test_splines_and_changing_ratios_are_found_where_they_were_planted() -> None:
    found = study(bent(2))
    trials, knots = choose_splines(found.before, found.data, PARAMS.survival.cox)
    assert list(knots) == ["age_years"] and trials["kept"].sum() == 1
    tests = check_proportionality(found.before, 0.05).set_index("term")
    assert tests.loc["tickets_90d", "action"] == TENURE and tests.loc["tickets_90d", "change"] < 1
    assert spline_terms(found.after, "age_years")[:2] == ["age_years", "age_years:bend1"]


def test_an_answer_stands_for_the_silent_and_the_silent_for_nobody() -> None:
    events = pd.DataFrame({"member_id": list("abcd"), "spell_no": 1, "reason": [0, 1, -1, len(CAUSES)]})
    events["p_answer"] = [0.5, 0.01, 0.5, 0.5]
    stated = StatedCauses(events, CauseWeights(events, np.zeros((4, 6))), events, {})
    weights = stated_event_weights(stated)[[f"p_{cause}" for cause in CAUSES]].to_numpy()
    assert weights[0].tolist() == [2, 0, 0, 0, 0, 0], "one over the chance of one half"
    assert weights[1, 1] == 11, "bounded"
    assert not weights[2:].any(), "silent, and another reason"


def test_strata_with_few_leavers_are_pooled_and_a_stratum_of_one_member_is_none() -> None:
    events = np.tile([1.0, 0.0], 60)
    rows = pd.DataFrame({"event": events})
    rows["region"] = pd.Series(
        ["north"] * 40 + ["south"] * 40 + ["east"] * 20 + [f"p{n}" for n in range(20)], dtype="string"
    )
    rows["postcode"] = pd.Series([f"{n}" for n in range(120)], dtype="string")
    rows["country"] = pd.Series(["here"] * 120, dtype="string")
    pooled, strata, levels = pooled_strata(rows, ["region", "postcode", "country", "absent"])
    assert strata == ("region", "country") and levels == {"region": 20, "postcode": 120}
    assert pooled["region"].nunique() == 4  # north, south, east, the rest
    assert pooled["postcode"].nunique() == 120
