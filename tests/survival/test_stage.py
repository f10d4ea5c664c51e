"""The whole stage on odd programmes: always complete, well-formed, said in both languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from whychurn.contract.causes import CAUSES
from whychurn.contract.files import write_json, write_table
from whychurn.contract.fit_records import read_fits
from whychurn.contract.params import load_params
from whychurn.contract.paths import PROJECT, StudyPaths
from whychurn.contract.results import documented
from whychurn.contract.tables import DTYPES, TABLES
from whychurn.panel.features.catalogue import load_catalogue
from whychurn.report.drawing.cumulative_incidence import draw_incidence
from whychurn.report.page.wording import Wording
from whychurn.report.survival import charts as figures
from whychurn.report.survival.sentences import competing_risks as cause_story
from whychurn.report.survival.sentences import curves as story
from whychurn.report.words import say
from whychurn.stages import survival as stage
from whychurn.survival.competing_risks.incidence_tables import attributed_tables
from whychurn.survival.results import survival_results
from whychurn.survival.spell_strata import counted_columns
from whychurn.survival.spells import SurvivalInputs, Window

DOCUMENTED = documented()["survival"]
FIRST, LAST = pd.Timestamp("2024-01-01"), pd.Timestamp("2025-06-30")
MINE = [
    "survival_curves", "survival_means", "survival_tests", "survival_hazard", "survival_definitions",
    "survival_sensitivity", "cause_incidence", "cause_elimination", "stated_shares",
]  # fmt: skip


class Voice(Wording):
    """What the sentences need of a page."""

    def format(self, value: Any, kind: str) -> str:
        if value is None or pd.isna(value):
            return "–"
        if isinstance(value, str):
            return value
        return f"{value:.0f}" if kind == "int" else f"{value:.3f}"


def nothing_said() -> pd.DataFrame:
    """The results file feedback_topics of a programme whose members wrote nothing."""
    names = ["member_id", "known_on", "source", "topic_id", *(f"p_{cause}" for cause in (*CAUSES, "none"))]
    return pd.DataFrame({name: pd.Series(dtype="float64") for name in names}).astype(
        {"known_on": "datetime64[ns]"}
    )


def programme(members: int, rate: float, answered: float = 0.6, seed: int = 0) -> dict[str, Any]:
    """Members active every week until they leave; regions, months of joining and causes differ."""
    rng = np.random.default_rng(seed)
    ids = [f"m{number:04d}" for number in range(members)]
    joined = FIRST + pd.to_timedelta(rng.integers(-200, 350, members), unit="D")
    stay = np.minimum(rng.geometric(rate, members) if rate else np.full(members, 5000), 5000)
    people = pd.DataFrame(
        {"member_id": ids, "joined_on": joined, "profiling_consent": rng.random(members) < 0.95}
    )
    people["region"], people["channel"] = rng.choice(["n", "s"], members), rng.choice(["app", "web"], members)
    spells, churners, panel, asked = [], [], [], []
    for name, start, days in zip(ids, joined, stay, strict=True):
        end = start + pd.Timedelta(days=int(days) - 1)
        if end < FIRST:
            continue
        entered = start if start >= FIRST else FIRST + pd.Timedelta(days=3)
        left = end + pd.Timedelta(days=60) <= LAST
        if entered > end:
            continue
        seen = end if left else LAST
        spells.append((name, 1, start, entered, seen, left, pd.NaT))
        for wait in (60, 90):
            if end + pd.Timedelta(days=wait) <= LAST:
                churners.append((name, f"inactivity_{wait}d", 1, end, pd.NaT))
        months = pd.date_range(
            entered + pd.Timedelta(days=1), min(end + pd.Timedelta(days=60), LAST), freq="MS"
        )
        panel += [
            (name, 1, month, "silver" if number > 4 else "regular") for number, month in enumerate(months)
        ]
        if left and rng.random() < answered:
            cause = str(rng.choice([*CAUSES, "other"]))
            asked.append((name, "exit", end + pd.Timedelta(days=9), end + pd.Timedelta(days=9), cause))
    members_frame = people.astype({"profiling_consent": "boolean"})
    columns = [
        "member_id",
        "spell_no",
        "started_on",
        "entered_on",
        "last_active_on",
        "churned",
        "returned_on",
    ]
    rows = pd.DataFrame(panel, columns=["member_id", "spell_no", "as_of", "spend_tier"])
    rows = rows.merge(people[["member_id", "region", "channel"]], on="member_id")
    return {
        "members": members_frame,
        "surveys": pd.DataFrame(asked, columns=["member_id", "kind", "sent_at", "answered_at", "reason"]),
        "spells": pd.DataFrame(spells, columns=columns).astype({"returned_on": "datetime64[ns]"}),
        "churners": pd.DataFrame(
            churners, columns=["member_id", "definition", "spell_no", "last_active_on", "returned_on"]
        ).astype({"returned_on": "datetime64[ns]", "last_active_on": "datetime64[ns]"}),
        "panel": rows.assign(plan=None, age_band=None, tenure_days=rng.integers(0, 300, len(rows))),
        "panel_facts": {
            "definition": "inactivity_60d",
            "kind": "inactivity",
            "alternatives": ["inactivity_90d"],
            "member_columns": [],
        },
        "intake_facts": {"observed_from": f"{FIRST:%Y-%m-%d}", "observed_until": f"{LAST:%Y-%m-%d}"},
    }


def params() -> Any:
    found = load_params(StudyPaths(PROJECT))
    return found.model_copy(update={"survival": found.survival.model_copy(update={"bootstrap": 10})})


def answers(made: dict[str, Any]) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    found = survival_results(SurvivalInputs(**made, catalogue=load_catalogue()), params())
    assert len({fit.name for fit in found.fits}) == len(found.fits)
    return found.tables, found.facts


def check_well_formed(frames: dict[str, pd.DataFrame], facts: dict[str, Any]) -> None:
    stays = {f"stay_{day}d{end}" for day in params().survival.stay_days for end in ("", "_low", "_high")}
    for name in MINE:
        documented = set(DOCUMENTED[name])
        if "stay_<d>d" in documented:
            documented = documented - {"stay_<d>d"} | stays
        assert set(frames[name].columns) == documented, name
        assert not [column for column in frames[name] if frames[name][column].dtype == object], name
    for lang in ("en", "zh"):
        page = Voice(lang)
        assert story.answer(facts, page)
        assert story.confidence(facts, frames["survival_definitions"], page)
        assert story.strata(frames["survival_tests"], facts, page, 3)
        assert cause_story.source(facts, False, page)
        story.headlines(facts, page)
        story.peak(frames["survival_hazard"], page)
        for table in (
            story.means_table(frames["survival_means"], page),
            story.tests_table(frames["survival_tests"], page),
            story.definitions_table(frames["survival_definitions"], page),
        ):
            story.columns(table, page)
        draw(frames, facts, lang)


def draw(frames: dict[str, pd.DataFrame], facts: dict[str, Any], lang: str) -> None:
    """Every figure that the notebook would draw."""
    page = Voice(lang)
    if len(frames["survival_curves"]):
        figures.draw_stay(frames["survival_curves"], lang)
    if facts["differ"]:
        figures.draw_strata(frames["survival_curves"], facts["differ"], lang)
    if frames["survival_hazard"]["churn_events"].gt(0).any():
        figures.draw_hazard(frames["survival_hazard"], story.key_moments(None, tenure=True), lang)
    if len(incidence := frames["cause_incidence"]):
        draw_incidence(incidence, lang)
        cause_story.incidence_table(incidence, [90, 365], page)
        groups = cause_story.strata_rows(incidence, cause_story.YEAR, 31)
        cause_story.differing(groups, page, 3)
        if len(groups):
            figures.draw_cause_strata(groups, lang)
    if len(days := frames["cause_elimination"].query("measure == 'days'")):
        cause_story.removal(days, page)
        figures.draw_removal(days, lang)
        cause_story.removal_table(frames["cause_elimination"], page)
    if len(effects := frames["survival_sensitivity"]):
        figures.draw_sensitivity(effects, {name: name for name in effects["definition"].unique()}, lang)


def without(**changes: Callable[[pd.DataFrame], pd.DataFrame]) -> dict[str, Any]:
    made = programme(300, 1 / 150)
    return {name: changes[name](value) if name in changes else value for name, value in made.items()}


def test_a_whole_programme() -> None:
    frames, facts = answers(programme(500, 1 / 150))
    check_well_formed(frames, facts)
    assert facts["churn_events"] > 100 and facts["late_entries"] > 50
    assert facts["causes"]["answered"] > 50
    assert set(frames["survival_means"]["stratum_kind"]) == {
        "all",
        "cohort",
        "region",
        "channel",
        "spend_tier",
    }
    by_definition = frames["survival_definitions"].set_index("definition")
    assert by_definition["churn_events"].is_monotonic_decreasing, "a longer wait knows fewer leavings"
    assert frames["survival_sensitivity"]["measure"].nunique() == 2


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda: programme(200, 0.0), "no_leavers"),
        (lambda: programme(3, 1 / 50), None),
        (lambda: without(surveys=lambda frame: frame.iloc[:0]), "no_surveys"),
        (lambda: without(surveys=lambda frame: frame.head(3)), "few_answers"),
        (lambda: without(panel=lambda frame: frame.iloc[:0]), None),
        (lambda: without(members=lambda frame: frame.assign(profiling_consent=False)), "no_leavers"),
        (lambda: without(members=lambda frame: frame.assign(region=None, channel=None)), None),
        (lambda: without(surveys=lambda frame: frame.assign(reason="too far")), "few_answers"),
    ],
    ids=[
        "nobody leaves",
        "three members",
        "no surveys",
        "few answers",
        "no panel",
        "no consent",
        "no strata",
        "other reasons",
    ],
)
def test_odd_programmes(made: Callable[[], dict[str, Any]], reason: str | None) -> None:
    frames, facts = answers(made())
    check_well_formed(frames, facts)
    if reason is not None:
        assert facts["causes"]["reason"] == reason
        assert frames["cause_incidence"].empty
        assert say(f"survival.cause_{reason}", "zh")


def test_the_stage_writes_what_the_pipeline_and_the_documentation_name(tmp_path: Path) -> None:
    study = StudyPaths(tmp_path / "会员 study")
    made = programme(200, 0.0)
    for name in ("members", "surveys"):
        write_table(made[name], study.interim / f"{name}.parquet")
    for name in ("orders", "memberships"):
        empty = {column: pd.Series(dtype=DTYPES[field.kind]) for column, field in TABLES[name].fields.items()}
        write_table(pd.DataFrame(empty), study.interim / f"{name}.parquet")
    write_json(made["intake_facts"], study.interim / "intake.json")
    write_json(made["panel_facts"], study.processed / "panel.json")
    write_table(made["panel"], study.processed / "panel.parquet")
    write_table(made["spells"].assign(ended_on=pd.NaT), study.processed / "spells.parquet")
    write_table(made["churners"], study.results / "churners.parquet")
    write_table(nothing_said(), study.results / "feedback_topics.parquet")
    stage.run(study, params())
    pipeline = yaml.safe_load((PROJECT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]["survival"]
    for place in [*pipeline["outs"], *pipeline["metrics"]]:
        assert (study.root / place).exists(), place
    written = {path.stem for path in study.results.glob("*.parquet")} - {"churners", "feedback_topics"}
    assert written == set(DOCUMENTED)
    assert {f"data/results/{name}.parquet" for name in written} <= set(pipeline["outs"])
    names = [fit.name for fit in read_fits(study, "survival")]
    assert "kaplan_meier" in names


def test_one_member_leaves() -> None:
    made = programme(200, 0.0)
    spells = made["spells"]
    gone = spells.index[0]
    spells.loc[gone, "churned"] = True
    spells.loc[gone, "last_active_on"] = spells.loc[gone, "entered_on"] + pd.Timedelta(days=30)
    frames, facts = answers(made)
    check_well_formed(frames, facts)
    assert facts["churn_events"] == 1


def test_posteriors_give_the_same_tables_for_the_stage_that_attributes_causes() -> None:
    made = programme(400, 1 / 150)
    gone = made["spells"].loc[made["spells"]["churned"], ["member_id", "spell_no"]]
    even = gone.assign(**{f"p_{cause}": 0.1 for cause in CAUSES})
    window = Window.of(made["panel_facts"], made["intake_facts"])
    found = attributed_tables(even, made["spells"], made["members"], made["panel"], window, params())
    assert set(found) == {"attributed_incidence", "attributed_elimination"}
    for name, table in found.items():
        assert set(table.columns) == set(DOCUMENTED[name.replace("attributed", "cause")])
    last = (
        found["attributed_incidence"]
        .query("stratum_kind == 'all' and day == 180")
        .set_index("cause")["estimate"]
    )
    assert last["unknown"] == pytest.approx(4 * last["price"]), "one tenth each, the rest unknown"


@pytest.mark.parametrize("told", [["price"], []])
def test_causes_that_cannot_be_told_have_no_curve_and_no_gain(told: list[str]) -> None:
    made = programme(400, 1 / 150)
    gone = made["spells"].loc[made["spells"]["churned"], ["member_id", "spell_no"]]
    gone = gone.assign(**{f"p_{cause}": 0.3 if cause in told else np.nan for cause in CAUSES})
    window = Window.of(made["panel_facts"], made["intake_facts"])
    found = attributed_tables(gone, made["spells"], made["members"], made["panel"], window, params())
    assert set(found["attributed_elimination"]["cause"]) == set(told)
    assert set(found["attributed_incidence"]["cause"]) == {*told, *(["unknown"] if told else [])}


@pytest.mark.parametrize(("lang", "sentence"), [("en", "1 of the 2 intervals"), ("zh", "2 个区间中有 1 个")])
def test_true_gains_stand_beside_the_estimated_ones_where_they_are_known(lang: str, sentence: str) -> None:
    scores = pd.DataFrame({
        "source": "stated", "cause": ["price", "natural", "price"], "measure": ["days", "days", "share"],
        "difference": [60.0, 20.0, 0.1], "difference_if_independent": [75.0, 25.0, 0.2], "planted_difference": [30.0, 20.0, 0.1],
        "covered": [0.0, 1.0, 1.0],
    })  # fmt: skip
    page, known = Voice(lang), cause_story.planted_rows(scores, attributed=False)
    (text,) = cause_story.planted(known, page)
    assert (
        sentence in text and page.say("causes.price").lower() in text and "+60%" in text and "+100%" in text
    )
    removal = answers(programme(400, 1 / 150))[0]["cause_elimination"]
    table = cause_story.removal_table(removal, page, known)
    assert table["planted_days"].dropna().tolist() == ["30", "20"]
    assert "planted_days" not in cause_story.removal_table(
        removal, page, cause_story.planted_rows(None, False)
    )
    assert cause_story.planted(cause_story.planted_rows(scores, attributed=True), page) == []


def test_members_seen_once_are_not_said_to_stay_1_days() -> None:
    def sentence(days: float) -> str:
        ((_, value, text, _),) = story.headlines({"overall": {"median_days": days}}, Voice("en"))
        assert value == days
        return text

    assert "the day they joined" in sentence(1.0) and "2 days" in sentence(2.0)


def test_small_strata_are_withheld_everywhere() -> None:
    made = programme(400, 1 / 150)
    made["members"].loc[:4, "region"] = "tiny"
    frames, _ = answers(made)
    tiny = frames["survival_means"].query("stratum == 'tiny'").iloc[0]
    assert tiny["suppressed"] and pd.isna(tiny["churn_events"])
    for name in ("survival_curves", "survival_tests", "cause_incidence"):
        assert not frames[name]["stratum"].eq("tiny").any(), name
    assert frames["survival_curves"]["at_risk"].min() >= 10


def test_who_is_counted_does_not_depend_on_who_models_learn_from() -> None:
    made = programme(900, 0.004)
    some = made["panel"]["member_id"].str[-1].astype(int).lt(5)
    inputs = {**made, "catalogue": load_catalogue()}
    whole = survival_results(SurvivalInputs(**inputs), params())
    counted = made["panel"][[name for name in counted_columns(params().survival) if name in made["panel"]]]
    shared = survival_results(
        SurvivalInputs(**{**inputs, "panel": made["panel"][some]}, everyone=counted), params()
    )
    for name in (
        "survival_curves",
        "survival_means",
        "survival_tests",
        "cause_incidence",
        "stated_shares",
        "survival_sensitivity",
    ):
        pd.testing.assert_frame_equal(shared.tables[name], whole.tables[name])
    assert len(whole.tables["cause_incidence"])
    assert 0 < shared.facts["cox"]["rows"] < whole.facts["cox"]["rows"]
