"""Absent tables, odd answers, hardly any leavers: a wider answer or `unknown` and a sentence that says why,
never a crash.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.causes.evidence.spell_evidence import Evidence, gather_evidence
from whychurn.causes.latent_cause import tape_blocks
from whychurn.causes.latent_cause.member_chances import posterior
from whychurn.causes.latent_cause.resampled_fits import resampled_fits
from whychurn.causes.methods import Inputs, find_method
from whychurn.causes.results import CauseResults, cause_results, method_inputs
from whychurn.contract.causes import CAUSES, UNKNOWN
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json, read_table
from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import documented
from whychurn.stages import intake
from whychurn.stages import panel as panel_stage
from whychurn.stats.parallel import Spread
from whychurn.stats.sources import whole_table
from whychurn.voice.causes.lexicon_classifier import cause_probabilities
from whychurn.world.build import build_world

TABLES = ("members", "orders", "events", "feedback", "surveys", "memberships", "market")
SAID = ["feedback_id", "member_id", "known_on", "source", *(f"p_{cause}" for cause in (*CAUSES, "none"))]


@dataclass
class Programme:
    """Tables of one simulated programme; change them before `inputs`."""

    params: Params
    interim: dict[str, Any]
    panel: Any
    spells: pd.DataFrame
    churners: pd.DataFrame
    said: pd.DataFrame
    known: dict[str, Any]
    until: pd.Timestamp

    def evidence(self) -> Evidence:
        tables = {**self.interim, "panel": self.panel}
        return gather_evidence(tables, self.spells, self.said, self.known, self.until, self.params)

    def inputs(self) -> Inputs:
        evidence = self.evidence()
        catalogue = pd.DataFrame(
            {"name": ["tenure_days", "orders_90d", "region"], "kind": ["number"] * 2 + ["category"]}
        )
        return method_inputs(evidence, catalogue, whole_table(self.interim["feedback"]), None)


def simulate(root: Path, program: str = "shop", **world: object) -> Programme:
    over = {
        "world": {"program": program, "members": 1200, "months": 16, "seed": 3, **world},
        "causes": {"resamples": 4, "max_steps": 60},
        "panel": {"audit_sample": 20},
    }
    study = StudyPaths.at(root / program)
    params = load_params(study, over)
    build_world(params.world, study.root, study.raw)
    intake.run(study, params)
    interim = {name: read_table(study.interim / f"{name}.parquet") for name in TABLES}
    said = spoken(interim)
    (study.results).mkdir(parents=True, exist_ok=True)
    said.assign(sentiment=0.0).to_parquet(study.results / "feedback_topics.parquet")
    panel_stage.run(study, params)
    return Programme(
        params=params,
        interim=interim,
        panel=read_table(study.processed / "panel.parquet"),
        spells=read_table(study.processed / "spells.parquet"),
        churners=read_table(study.results / "churners.parquet"),
        said=said,
        known=read_json(study.processed / "panel.json"),
        until=pd.Timestamp(read_json(study.interim / "intake.json")["observed_until"]),
    )


def spoken(interim: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """What the lexicon reads in the texts, as the voice stage writes it."""
    texts = interim["feedback"].dropna(subset=["text"])
    found = cause_probabilities(texts["text"])
    return texts.assign(known_on=texts["created_at"].dt.normalize()).join(found)[SAID].reset_index(drop=True)


P = [f"p_{cause}" for cause in CAUSES]
RESULTS = documented()["causes"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Programme:
    return simulate(tmp_path_factory.mktemp("shop"))


def answers(programme: Programme) -> CauseResults:
    return cause_results(programme.inputs(), programme.panel, programme.churners, programme.params)


def no_surveys(own: Programme) -> None:
    own.interim["surveys"] = own.interim["surveys"].iloc[:0]


def no_texts(own: Programme) -> None:
    own.said = own.said.iloc[:0]
    own.interim["feedback"] = own.interim["feedback"].iloc[:0]


def no_market(own: Programme) -> None:
    own.interim["market"] = own.interim["market"].iloc[:0]


def unknown_codes(own: Programme) -> None:
    surveys = own.interim["surveys"].copy()
    surveys["reason"] = surveys["reason"].where(surveys["reason"].isna(), "Q7_b").astype("string")
    own.interim["surveys"] = surveys


def never_stated(own: Programme) -> None:
    surveys = own.interim["surveys"].copy()
    surveys["reason"] = surveys["reason"].replace("engagement", "other")
    own.interim["surveys"] = surveys


def few_leavers(own: Programme) -> None:
    gone = own.spells[own.spells["churned"]]
    kept = set(gone["member_id"].drop_duplicates().iloc[:20])
    stay = set(own.spells.loc[~own.spells["member_id"].isin(gone["member_id"]), "member_id"].iloc[:200])
    own.spells = own.spells[own.spells["member_id"].isin(kept | stay)]


def no_leavers(own: Programme) -> None:
    own.spells = own.spells[~own.spells["member_id"].isin(own.spells.loc[own.spells["churned"], "member_id"])]


def no_events(own: Programme) -> None:
    own.interim["events"] = own.interim["events"].iloc[:0]


CASES: list[tuple[Callable[[Programme], None], str | None]] = [
    (no_surveys, "no_survey"), (no_texts, "no_text"), (no_market, "no_market"), (unknown_codes, "unknown_codes"),
    (never_stated, "unnamed_causes"), (few_leavers, "no_evidence"), (no_leavers, None), (no_events, None),
]  # fmt: skip


@pytest.mark.parametrize(("change", "limit"), CASES, ids=lambda case: getattr(case, "__name__", None))
def test_is_complete_and_says_what_limits_it(
    shop: Programme, change: Callable[[Programme], None], limit: str | None
) -> None:
    own = copy.copy(shop)
    own.interim = dict(shop.interim)
    change(own)
    found = answers(own)
    said = {sentence["key"] for sentence in found.facts["limits"]}
    assert limit is None or limit in said
    assert all(sentence["en"] and sentence["zh"] for sentence in found.facts["limits"])
    members = found.tables["member_causes"]
    told = found.tables["cause_grounds"].set_index("cause")["told"][[*CAUSES]].to_numpy()
    assert (members[P].notna().to_numpy() == told).all()
    if told.all():
        assert members[P].to_numpy().sum(axis=1) == pytest.approx(1)
    assert set(members["primary_cause"]) <= {*CAUSES, UNKNOWN}
    for name, table in found.tables.items():
        assert set(table.columns) == set(RESULTS[name]), name


def test_without_survey_intervals_are_wider(shop: Programme) -> None:
    own = copy.copy(shop)
    own.interim = dict(shop.interim)
    own.params = shop.params.model_copy(
        update={"causes": shop.params.causes.model_copy(update={"resamples": 16, "methods": ["survey"]})}
    )
    with_survey = answers(own)
    no_surveys(own)
    without = answers(own)
    one, other = (found.tables["cause_shares"].dropna(subset=["share"]) for found in (with_survey, without))
    assert without.facts["answered"] == 0
    assert (other["high"] - other["low"]).sum() > 1.2 * (one["high"] - one["low"]).sum()


def test_results_hold_no_company_ids_and_small_cells_are_blank(shop: Programme) -> None:
    found = answers(shop)
    stories = found.tables["cause_stories"]
    assert "member_id" not in stories and not stories["evidence"].str.contains(r"C\d{7}").any()
    groups = found.tables["cause_groups"]
    assert groups.loc[groups["suppressed"], ["share", "churn_events"]].isna().all().all()
    assert (groups.loc[~groups["suppressed"], "churn_events"] >= shop.params.privacy.min_cell).all()


def test_every_method_has_one_signature_and_an_unknown_one_is_named(shop: Programme) -> None:
    inputs = shop.inputs()
    for name in shop.params.causes.methods:
        found = find_method(name)(inputs, shop.params)
        assert found.p.shape == (len(inputs.table), 6) and np.allclose(found.p.sum(axis=1), 1), name
        assert list(found.shares["cause"]) == list(CAUSES), name
    with pytest.raises(WhychurnError, match="no method 'crystal_ball'"):
        find_method("crystal_ball")


def test_members_who_refuse_profiling_are_not_explained(shop: Programme) -> None:
    refused = shop.interim["members"].loc[
        shop.interim["members"]["profiling_consent"].eq(False).fillna(False), "member_id"
    ]
    anchors = shop.evidence().index_dates
    assert len(refused) and not set(anchors["member_id"]) & set(refused)


def test_order_of_rows_does_not_matter(shop: Programme) -> None:
    mixed = copy.copy(shop)
    rng = np.random.default_rng(1)
    mixed.interim = {name: table.iloc[rng.permutation(len(table))] for name, table in shop.interim.items()}
    mixed.spells = shop.spells.iloc[rng.permutation(len(shop.spells))]
    one, other = (answers(own).tables["member_causes"] for own in (shop, mixed))
    pd.testing.assert_frame_equal(one[["member_id", *P]], other[["member_id", *P]], rtol=1e-4, atol=1e-5)


def test_how_members_are_read_changes_nothing(
    shop: Programme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def attributed(own: Programme, **how: int) -> tuple[Evidence, np.ndarray]:
        update = {"fit_members": 500, **how}
        own.params = shop.params.model_copy(update={"causes": shop.params.causes.model_copy(update=update)})
        inputs = own.inputs()
        return inputs.evidence, find_method("additive_hazard")(inputs, own.params).p

    stored = copy.copy(shop)
    whole = {**shop.interim, "panel": shop.panel}
    for name, table in whole.items():
        table.to_parquet(tmp_path / f"{name}.parquet")
    files = {name: tmp_path / f"{name}.parquet" for name in whole}
    stored.panel, stored.interim = files.pop("panel"), files
    one, p = attributed(copy.copy(shop), workers=1, block_members=60)
    other, q = attributed(stored, workers=2, block_members=60)
    assert 0 < one.in_training.sum() < len(one.in_training) and len(shop.interim["members"]) > 8 * 60
    assert np.array_equal(one.history.risk.x, other.history.risk.x) and np.array_equal(p, q)
    pd.testing.assert_frame_equal(one.panel, other.panel)
    members = len(shop.interim["members"])
    monkeypatch.setattr(
        tape_blocks, "SUMMED_ROWS", 100
    )  # many blocks of sums, which no block of members cuts
    assert len(tape_blocks.cut_events(one.history.decisions.spell)[2]) > 7
    _, p = attributed(copy.copy(shop), workers=1, block_members=60)
    assert p == pytest.approx(q, abs=1e-3) and not np.array_equal(p, q)
    for blocks in (1, 2, 7):
        again, r = attributed(copy.copy(shop), workers=1, block_members=-(-members // blocks))
        assert one.history.names == again.history.names
        assert np.array_equal(one.history.scale, again.history.scale)
        assert np.array_equal(one.history.at_index_date, again.history.at_index_date)
        assert np.array_equal(one.history.risk.weight, again.history.risk.weight) and np.array_equal(p, r)


def test_spark_gives_the_same_exposures(shop: Programme, spark: Spread) -> None:
    one, members = shop.evidence(), len(shop.interim["members"])
    causes = shop.params.causes.model_copy(update={"block_members": -(-members // 7)})
    params = shop.params.model_copy(update={"causes": causes})
    tables = {**shop.interim, "panel": shop.panel}
    other = gather_evidence(tables, shop.spells, shop.said, shop.known, shop.until, params, spark)
    assert one.history.names == other.history.names and len(one.history.risk.x) > 1000
    for name in ("scale", "at_index_date"):
        assert np.array_equal(getattr(one.history, name), getattr(other.history, name))
    assert np.array_equal(one.history.risk.x, other.history.risk.x)
    assert np.array_equal(one.history.decisions.x, other.history.decisions.x)


def test_classifiers_learn_from_those_who_teach_and_speak_of_all(shop: Programme) -> None:
    causes = shop.params.causes.model_copy(update={"fit_members": 500})
    small = copy.copy(shop)
    small.params = shop.params.model_copy(update={"causes": causes})
    inputs = small.inputs()
    evidence = inputs.evidence
    others = np.flatnonzero(~evidence.in_training & (evidence.labels.stated >= 0))
    assert len(others) > 20
    swapped = evidence.labels.stated.copy()
    swapped[others] = (swapped[others] + 1) % len(CAUSES)
    changed = replace(evidence, labels=replace(evidence.labels, stated=swapped))
    find = find_method("survey_classifier")
    p, q = (find(replace(inputs, evidence=one), small.params).p for one in (evidence, changed))
    assert np.array_equal(p, q)
    assert len(np.unique(p[~evidence.in_training[evidence.rows]], axis=0)) > 20
    corrected = find_method("corrected_classifier")(inputs, small.params).p
    assert np.allclose(corrected.sum(axis=1), 1) and len(np.unique(corrected, axis=0)) > 20


def test_members_that_teach_nothing_are_attributed_alike(shop: Programme) -> None:
    """A leaver that is left out of the fit gets the chances that the same hazards give to one that is not."""
    inputs = shop.inputs()
    fitted = find_method("additive_hazard")(inputs, shop.params).model
    assert fitted is not None
    halved = replace(fitted, p=fitted.p[::2], events=fitted.events[::2])
    own, alike = (posterior(inputs.evidence, one, inputs.grounds) for one in (fitted, halved))
    assert np.abs(own - alike).max() < 0.01


def test_resamples_spread_and_their_chances_are_averaged(shop: Programme) -> None:
    """Each differs from the others; the mean of their chances is near those of the one fit."""
    inputs = shop.inputs()
    evidence = inputs.grounds.applied(inputs.evidence)
    model = find_method("additive_hazard")(inputs, shop.params).model
    assert model is not None
    found = resampled_fits(evidence, model, inputs.grounds, shop.params)
    again = resampled_fits(evidence, model, inputs.grounds, shop.params)
    assert np.array_equal(found.shares, again.shares), "drawn by run.seed"
    assert found.shares.sum(axis=1) == pytest.approx(1) and (found.shares.std(axis=0) > 0.001).all()
    assert (found.avoidable >= 0).all() and found.p.sum(axis=1) == pytest.approx(1)
    alone = posterior(evidence, model, inputs.grounds)
    assert 0.001 < np.abs(found.p - alone).mean() < 0.1, "near the one fit, but not the same"
