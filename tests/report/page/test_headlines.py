"""Numbers that the index quotes, held against the results files they come from."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES, RUNGS
from whychurn.contract.files import read_json
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.report.causes.sentences.accuracy import kind_of_study
from whychurn.report.page.headlines import PLACES, place_of, read_headlines
from whychurn.report.render.summary import FILES
from whychurn.report.words import LANGUAGES, say
from whychurn.score.yardstick.measured import by_kind, load_yardstick

STUDY = StudyPaths.at()  # $WHYCHURN_STUDY, or the demo
HEADLINES = read_headlines(STUDY)
pytestmark = pytest.mark.skipif(not HEADLINES, reason="no rendered reports: run `make reproduce` first")


def _results(name: str) -> pd.DataFrame:
    return pd.read_parquet(STUDY.results / f"{name}.parquet")


def _last_year() -> pd.Series:
    rates = _results("retention_rates")
    main = read_json(STUDY.processed / "panel.json")["definition"]
    rows = rates[
        (rates["definition"] == main)
        & (rates["period_kind"] == "last_12_months")
        & (rates["measure"] == "churn")
        & (rates["basis"] == "members")
    ]
    assert len(rows) == 1
    return rows.iloc[0]


def _metric(metric: str) -> float:
    rows = _results("risk_metrics")
    rows = rows[
        (rows["model"] == "xgboost")
        & (rows["part"] == "test")
        & (rows["stratum_kind"] == "all")
        & (rows["metric"] == metric)
    ]
    assert len(rows) == 1
    return float(rows["estimate"].iloc[0])


def _stay(column: str) -> float:
    means = _results("survival_means")
    return float(means.loc[means["stratum_kind"] == "all", column].iloc[0])


def _fit_share() -> float:
    tables = read_json(STUDY.interim / "intake.json")["tables"].values()
    quarantined = len(pd.read_parquet(STUDY.interim / "quarantine.parquet"))
    return 1 - quarantined / sum(entry["read"] for entry in tables)


def _cause(column: str, place: int = 0) -> float:
    """The largest, or a further, value of a column over the six causes."""
    return float(_results("cause_shares").query("cause != 'unknown'")[column].nlargest(6).iloc[place])


def _accuracy() -> float:
    scores, method = _results("cause_scores"), read_json(STUDY.results / "causes.json")["method"]
    rows = scores[(scores["method"] == method) & (scores["measure"] == "accuracy_named")]
    assert len(rows) == 1
    return float(rows["value"].iloc[0])


def _error_of_shares() -> float:
    """Mean largest error on programmes of the test half with as much to go by as this study."""
    rows = by_kind(load_yardstick())
    kind = kind_of_study(read_json(STUDY.results / "causes.json"))
    rows = rows[(rows["kind"] == kind) & (rows["method"] == "whychurn")]
    return float(rows["share_error_largest"].iloc[0])


def _asked_by_lot() -> float:
    """Interviews of leavers drawn by lot that name one of the six causes."""
    surveys = pd.read_parquet(STUDY.interim / "surveys.parquet")
    named = surveys["reason"].astype("string").str.partition("/")[0].isin(CAUSES)
    drawn = surveys["kind"].eq("interview") & surveys["asked_probability"].notna()
    return float(surveys.loc[drawn & named & surveys["answered_at"].notna(), "survey_id"].nunique())


def _alarm(place: int) -> float:
    rows = _results("watch_alarms").query("chart != 'received' and open")
    return float(
        rows.sort_values(["month", "chart", "group"], ascending=[False, True, True])["size"].iloc[place]
    )


def _difference(place: int) -> float:
    rows = _results("watch_months")
    ordered = pd.concat([rows[rows["word"] == word] for word in ("real", "made_by_us")])
    return float(ordered["difference"].iloc[place])


MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
# what each language writes in its own way: money in millions or 万, days and months in words
FOREIGN = re.compile(
    rf"−?¥[\d,.]+( M)?|−?[\d,.]+ [万亿]?元|(\d+ )?({MONTHS}) \d{{4}}|\d{{4}} 年 \d+ 月( \d+ 日)?"
)


CHECKS: dict[str, Callable[[], float]] = {
    "why.cause_first": lambda: _cause("share"),
    "why.cause_second": lambda: _cause("share", 1),
    "why.could_be_avoided": lambda: _cause("avoidable_share"),
    "why.unnamed": lambda: _results("cause_shares").query("cause == 'unknown'")["named_share"].iloc[0],
    "what_keeps.plan": lambda: _results("plan").query("role in ['policy', 'explore']")["member_id"].nunique(),
    "what_keeps.shown": lambda: (
        _results("action_effects").query("cause == 'all' and horizon_days == 90")["rung"].eq("caused").sum()
    ),
    "how_sure.causes": _accuracy,
    "how_sure.shares": _error_of_shares,
    "how_sure.asked_by_lot": _asked_by_lot,
    "who_next.already_gone": lambda: len(_results("already_gone")),
    "how_many.churn_rate": lambda: _last_year()["numerator"] / _last_year()["denominator"],
    "how_many.left": lambda: _last_year()["numerator"],
    "how_many.stay_year": lambda: _stay("stay_365d"),
    "when.median_stay": lambda: _stay("median_days"),
    "when.weakest_step": lambda: _results("lifecycle_steps").query("weakest")["members_lost"].sum(),
    "when.earliest_sign_weeks": lambda: _results("leading_indicators")["lead_weeks"].max(),
    "cost.revenue_lost": lambda: _results("lifecycle_steps")["revenue_lost"].sum(),
    "cost.value_at_risk": lambda: _results("risk_scores")["value_at_risk"].sum(),
    "who_next.high_risk": lambda: (
        _results("risk_scores")["p_churn"] >= min(0.5, 2 * _results("risk_scores")["p_churn"].mean())
    ).sum(),
    "who_next.lift_5": lambda: _metric("lift_5"),
    **{f"changed.{name}": lambda: 0.0 for name in ("alarms", "unjudged", "no_earlier", "months")},
    **{f"changed.fault_{n}": lambda: 1.0 for n in (1, 2, 3)},
    **{f"changed.alarm_{n}": lambda n=n: _alarm(n - 1) for n in (1, 2, 3)},
    **{f"changed.month_{n}": lambda n=n: _difference(n - 1) for n in (1, 2, 3)},
    "how_sure.auc": lambda: _metric("auc"),
    "how_sure.ece": lambda: _metric("ece"),
    "how_sure.rows_fit": _fit_share,
}


@pytest.mark.parametrize("key", sorted(HEADLINES))
def test_headline_agrees_with_the_results_file(key: str) -> None:
    assert key in CHECKS, f"no check for {key}: add where its number comes from"
    assert HEADLINES[key]["value"] == pytest.approx(CHECKS[key](), rel=1e-6)


@pytest.mark.parametrize("key", sorted(HEADLINES))
def test_headline_is_said_in_each_language_with_its_number(key: str) -> None:
    entry: dict[str, Any] = HEADLINES[key]
    assert entry["rung"] in RUNGS
    assert set(entry["text"]) == set(LANGUAGES)
    numbers = [re.findall(r"\d[\d,.]*\d|\d", FOREIGN.sub("", text)) for text in entry["text"].values()]
    assert sorted(numbers[0]) == sorted(numbers[1]), "the languages say different numbers"


def test_each_place_of_the_index_has_an_answer() -> None:
    assert {place_of(key) for key in HEADLINES} == set(PLACES)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_summary_holds_the_numbers_of_the_tables(lang: str) -> None:
    summary = (STUDY.reports / "summary" / FILES[lang]).read_text(encoding="utf-8")
    assert f"**{100 * _last_year()['rate']:.1f}%**" in summary
    shares = _results("cause_shares").dropna(subset=["share", "low"]).query("cause != 'unknown'")
    for row in shares.to_dict("records"):
        cause = say(f"causes.{row['cause']}", lang)
        share, low, high = (f"{100 * row[name]:.0f}" for name in ("share", "low", "high"))
        assert f"| {cause} | {share} [{low}–{high}] |" in summary
    told = [entry["text"][lang] for key, entry in HEADLINES.items() if place_of(key) == "what_keeps"]
    assert all(text in summary for text in told)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_index_holds_the_numbers_of_the_tables(lang: str) -> None:
    index = (STUDY.reports / lang / "index.html").read_text(encoding="utf-8")
    year = _last_year()
    low, high = (f"{100 * year[end]:.1f}" for end in ("low", "high"))
    assert f"<strong>{100 * year['rate']:.1f}%</strong> [{low}–{high}]" in index.replace(
        '<span class="in">', ""
    )
    for row in _results("cause_shares").dropna(subset=["share"]).to_dict("records"):
        html = index[index.index(f'data-cause="{row["cause"]}"') :].split("<small>")[1]
        value = html.split('class="ca-value">')[1]
        names = ["avoidable_share", "avoidable_low", "avoidable_high"] * pd.notna(row["avoidable_share"])
        wanted = [f"{100 * row[name]:.0f}" for name in [*names, "share", "low", "high"]]
        assert re.findall(r"\d+", value) == wanted


def test_the_page_on_certainty_says_what_could_not_be_answered() -> None:
    questions = read_json(STUDY.interim / "intake.json")["questions"]
    sure = (STUDY.reports / "en" / "sure.html").read_text(encoding="utf-8")
    tile = sure[sure.index('id="unanswered"') :].split("</section>")[0]
    assert tile.count("<li>") == sum(not entry["answerable"] for entry in questions)


def test_summary_is_small() -> None:
    files = [path for path in (STUDY.reports / "summary").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 1_000_000
    assert load_params(STUDY).study.name["en"] in (STUDY.reports / "summary" / FILES["en"]).read_text(
        encoding="utf-8"
    )
