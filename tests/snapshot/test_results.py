"""What a table of one row per customer tells, on customers whose chances of leaving are known here."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.params import Params
from whychurn.contract.results import columns_of
from whychurn.risk.evaluation.holdout import measure_overall
from whychurn.snapshot.columns import choose_columns, features_of
from whychurn.snapshot.cross_validation import CrossValidated, cross_validate, fit_all, stratified_folds
from whychurn.snapshot.results import TABLES, SnapshotResults, no_snapshot, snapshot_results
from whychurn.snapshot.tenure_and_reasons import stated_reasons, tenure_curve, unit_of
from whychurn.stats.leaking_columns import auc

FEW = Params().risk.model_copy(update={"bootstrap": 40, "shap_rows": 300})
PARAMS = Params().model_copy(
    update={"risk": FEW, "snapshot": Params().snapshot.model_copy(update={"repeats": 2})}
)
N = 1500


def table(left: np.ndarray, **columns: object) -> pd.DataFrame:
    frame = pd.DataFrame({"member_id": [f"m{n}" for n in range(len(left))], "left": left})
    frame["left"] = frame["left"].astype("boolean")
    return frame.assign(tenure=np.nan, reason=pd.NA, profiling_consent=True).assign(**columns)


def drawn(seed: int = 4) -> tuple[pd.DataFrame, np.ndarray]:
    """Customers and their true chances: a fee raises them, a yearly plan lowers them, two columns do nothing."""
    rng = np.random.default_rng(seed)
    fee, plan = rng.normal(size=N), rng.choice(["monthly", "yearly"], N)
    p = 1 / (1 + np.exp(-(-1.2 + 1.1 * fee - 1.5 * (plan == "yearly"))))
    noise = {"noise": rng.normal(size=N), "city": rng.choice([f"c{n}" for n in range(80)], N)}
    return table(rng.random(N) < p, fee=fee, plan=plan, **noise), p


@pytest.fixture(scope="module")
def found() -> tuple[SnapshotResults, pd.DataFrame, np.ndarray]:
    frame, p = drawn()
    return snapshot_results(frame, None, PARAMS), frame, p


def test_customers_held_out_are_ordered_nearly_as_well_as_can_be(found: tuple) -> None:
    results, frame, p = found
    best = auc(p, frame["left"].to_numpy(dtype=bool))
    told = results.facts["headline"]["auc"]
    assert best - 0.05 < told["estimate"] < best + 0.01 and told["low"] < told["estimate"] < told["high"]
    assert results.facts["beats_prior"] and results.facts["status"] == "ok"


def test_probabilities_can_be_taken_at_their_word(found: tuple) -> None:
    results, frame, p = found
    scores = results.tables["snapshot_scores"].set_index("member_id")
    stayed = frame[~frame["left"].astype(bool)]
    assert set(scores.index) == set(stayed["member_id"]), "only who is still there"
    true = pd.Series(p, frame["member_id"])[scores.index]
    assert np.abs(scores["p_left"] - true).mean() < 0.08
    assert (scores["p_low"] <= scores["p_left"]).all() and (scores["p_left"] <= scores["p_high"]).all()
    assert results.facts["headline"]["ece"]["estimate"] < 0.05


def test_what_does_nothing_stands_low(found: tuple) -> None:
    features = found[0].tables["snapshot_features"].set_index("feature")["share"]
    assert features["fee"] + features["plan"] > 0.7 > 0.3 > features["noise"]
    assert set(found[0].tables) == set(TABLES)
    for name, held in found[0].tables.items():
        assert list(held.columns) == columns_of(name), name


def test_two_runs_say_the_same(found: tuple) -> None:
    again = snapshot_results(drawn()[0], None, PARAMS)
    for name, held in found[0].tables.items():
        pd.testing.assert_frame_equal(held, again.tables[name])


def test_copies_do_not_flatter() -> None:
    """Labels by lot on rows that each stand twice: a model that could learn a row's copy would reach an AUC near 1."""
    rng = np.random.default_rng(0)
    half = table(rng.random(400) < 0.4, x=rng.normal(size=400), y=rng.normal(size=400))
    twice = pd.concat([half, half.assign(member_id=half["member_id"] + "b")], ignore_index=True)
    results = snapshot_results(twice, None, PARAMS)
    told = results.facts["headline"]["auc"]
    assert told["estimate"] < 0.58 and not results.facts["beats_prior"] and results.facts["copies"] == 400
    metrics = results.tables["snapshot_metrics"]
    assert (metrics["members"] == 400).all()


def test_columns_written_at_leaving_are_left_out_and_kept_on_a_word() -> None:
    frame, _ = drawn()
    frame["goodbye"] = np.where(frame["left"].astype(bool), "sent", None)
    inputs, record = choose_columns(frame, PARAMS)
    assert (
        "goodbye" not in inputs and record.set_index("column").loc["goodbye", "why"] == "leak_filled_leavers"
    )
    keeps = PARAMS.model_copy(
        update={"snapshot": PARAMS.snapshot.model_copy(update={"keep": ["goodbye"], "leave_out": ["fee"]})}
    )
    inputs, record = choose_columns(frame, keeps)
    assert "goodbye" in inputs and record.set_index("column").loc["fee", "why"] == "set"


def test_columns_become_inputs_or_say_why_not() -> None:
    rng = np.random.default_rng(1)
    frame, _ = drawn()
    frame["last visit"] = pd.Timestamp("2024-06-30") - pd.to_timedelta(rng.integers(0, 90, N), "D")
    frame = frame.assign(one="same", row=range(N), note=[f"n{n}" for n in range(N)], twice=2 * frame["fee"])
    inputs, record = choose_columns(frame, PARAMS)
    whys = record.set_index("column")["why"].dropna().to_dict()
    assert whys == {"one": "constant", "row": "id", "note": "id"}
    assert inputs["last visit"].min() == 0 and inputs["last visit"].max() <= 90, "days before the latest"
    assert inputs["city"].nunique() == 31, "thirty values and one for the rest"
    families = {feature.name: feature.family for feature in features_of(inputs)}
    assert families["fee"] == families["twice"] == "fee + twice" and families["noise"] == "noise"


ONE_SIDED = {"no leaver": (0, "Nobody"), "few leavers": (5, "Fewer than 20 customers left"), "few stayers": (395, "Fewer than 20 customers stayed"), "no stayer": (400, "Everybody")}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(ONE_SIDED))
def test_without_enough_of_both_there_is_no_model_and_it_is_said(kind: str) -> None:
    leavers, said = ONE_SIDED[kind]
    left = np.arange(400) < leavers
    results = snapshot_results(table(left, x=np.random.default_rng(2).normal(size=400)), None, PARAMS)
    assert results.facts["status"] == "no_model" and results.facts["reason"]["en"].startswith(said)
    assert results.tables["snapshot_scores"].empty and results.facts["rate"]["estimate"] == leavers / 400


def test_who_did_not_consent_counts_and_is_not_modelled() -> None:
    frame, _ = drawn()
    frame["profiling_consent"] = np.arange(N) % 3 > 0
    results = snapshot_results(frame, None, PARAMS)
    assert results.facts["customers"] == N and results.facts["without_consent"] == N / 3
    refused = set(frame.loc[~frame["profiling_consent"], "member_id"])
    assert not refused & set(results.tables["snapshot_scores"]["member_id"])


def test_parts_hold_whole_groups_and_leavers_evenly() -> None:
    rng = np.random.default_rng(3)
    groups = rng.integers(0, 300, 900)
    y = (groups % 5 == 0).astype(float)
    fold = stratified_folds(y, groups, 5, rng)
    assert (pd.Series(fold).groupby(groups).nunique() == 1).all()
    rates = pd.Series(y).groupby(fold).mean()
    assert rates.max() - rates.min() < 0.08 and sorted(set(fold)) == [0, 1, 2, 3, 4]


def test_no_customer_is_forecast_by_a_model_that_saw_it() -> None:
    """A column that only names the customer cannot help: were a row in its own training, AUC would rise far above half."""
    rng = np.random.default_rng(5)
    X = np.arange(600, dtype="float32").reshape(-1, 1)
    y = (rng.random(600) < 0.5).astype(float)
    features = features_of(pd.DataFrame({"x": X[:, 0]}))
    found = cross_validate(X, y, np.arange(600), features, PARAMS)
    assert isinstance(found, CrossValidated) and found.rows.groupby("row").size().eq(2).all()
    assert auc(found.rows["p_xgboost"].to_numpy(), found.rows["y"].to_numpy(dtype=bool)) < 0.57
    test = found.rows.rename(columns={"group": "member_id"}).assign(stake=np.nan)
    models = measure_overall(test, PARAMS, ("xgboost", "prior"))
    assert set(models["model"]) == {"xgboost", "prior", "xgboost - prior"}
    assert fit_all(X, y, features, 3, PARAMS).num_boosted_rounds() == 3


def test_the_curve_by_tenure_by_hand() -> None:
    """100 customers: 20 left after 2 whole months, 16 of the 80 left after 5; the rest are there after 7."""
    tenure = np.repeat([2.0, 5.0, 7.0], [20, 16, 64])
    frame = table(np.repeat([True, True, False], [20, 16, 64]), tenure=tenure)
    curve, facts = tenure_curve(frame, "months", PARAMS)
    stay = curve.set_index("tenure")["estimate"]
    assert stay[2] == 1 and stay[3] == pytest.approx(0.8) and stay[5] == pytest.approx(0.8)
    assert stay[6] == pytest.approx(0.8 * 64 / 80) and facts["median"] is None and facts["unit"] == "months"
    years, told = tenure_curve(frame.assign(tenure=tenure / 4), "years", PARAMS)
    assert told["unit"] == "months" and years["tenure"].max() > 15, "parts of years are months"
    assert tenure_curve(frame.assign(tenure=np.nan), "months", PARAMS)[0].empty


def test_units_come_from_the_parameters_then_from_the_name() -> None:
    assert unit_of("会员天数", PARAMS) == "days" and unit_of(None, PARAMS) == "months"
    years = PARAMS.model_copy(
        update={"snapshot": PARAMS.snapshot.model_copy(update={"tenure_unit": "years"})}
    )
    assert unit_of("会员天数", years) == "years"


def test_reasons_of_few_leavers_are_not_shown_nor_told_by_the_difference() -> None:
    said = np.repeat(["too dear", "moved", "other shop", None], [60, 30, 4, 26])
    reasons = stated_reasons(table(np.ones(120, dtype=bool), reason=said), PARAMS)
    assert reasons["reason"].tolist() == ["too dear", "(other)"] and reasons["members"].tolist() == [60, 34]
    assert reasons["share"].iloc[0] == pytest.approx(60 / 94)
    few = stated_reasons(table(np.ones(6, dtype=bool), reason="x"), PARAMS)
    assert few["members"].isna().all() and few["suppressed"].all()
    assert stated_reasons(table(np.zeros(9, dtype=bool), reason="x"), PARAMS).empty


def test_a_history_has_none() -> None:
    results = no_snapshot()
    assert (
        results.facts == {"status": "absent"}
        and not any(map(len, results.tables.values()))
        and not results.fits
    )
