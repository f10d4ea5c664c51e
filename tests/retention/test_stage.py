"""The whole stage on odd programmes: always complete, well-formed, and it says why something is empty."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from whychurn.contract.files import write_json, write_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import documented
from whychurn.report.page.wording import Wording
from whychurn.report.retention import charts as figures
from whychurn.report.retention.sentences import overview as story
from whychurn.report.retention.sentences.tables import report_table
from whychurn.report.words import say
from whychurn.report.words.readable_names import clock_bin_name
from whychurn.retention.before_churn.complaint_outcomes import NO_FEEDBACK_TOPICS
from whychurn.retention.results import retention_results
from whychurn.stages import retention

YEAR = ("2024-01-01", "2024-12-31")
DOCUMENTED = documented()["retention"]


class Voice(Wording):
    """What the sentences need of a page."""

    def format(self, value: Any, kind: str) -> str:
        return f"{value:.3f}" if kind != "month" else str(value)

    def members(self, count: float) -> str:
        return f"{count:.0f}"


def answers(programme: Any, params: Params) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    panel_stage = {name: getattr(programme, name) for name in ("spells", "churners", "panel")}
    tables = {**programme.tables, **panel_stage}
    return retention_results(tables, programme.panel_facts, programme.intake_facts, params)


def check_well_formed(frames: dict[str, pd.DataFrame], facts: dict[str, Any]) -> None:
    assert set(frames) == set(DOCUMENTED)
    for name, frame in frames.items():
        assert set(frame.columns) == set(DOCUMENTED[name]), name
        assert not [column for column in frame if frame[column].dtype == object], name
        assert not frame.empty or facts["empty"][name].startswith("empty_")
    for key in facts["empty"].values():
        assert say(f"retention.{key}", "zh")
    for lang in ("en", "zh"):
        voice = Voice(lang)
        assert story.answer(facts, voice)
        assert story.confidence(facts, frames["definition_sensitivity"], voice)
        story.headlines(facts, voice)
        for name, file in (
            ("steps", "lifecycle_steps"),
            ("season", "season_comparison"),
            ("nodes", "key_nodes"),
            ("segments", "segments"),
        ):
            report_table(frames[file], name, voice, 10)


class TestOddProgrammes:
    def test_no_churners(self, make_programme: Any, order_rows: Callable[..., Any], params: Params) -> None:
        people = {f"m{n}": "2024-01-03" for n in range(30)}
        days = [str(day.date()) for day in pd.date_range("2024-01-05", "2024-12-28", freq="20D")]
        orders = [row for name in people for row in order_rows(name, days)]
        frames, facts = answers(make_programme(people, YEAR, [], orders=orders), params)
        check_well_formed(frames, facts)
        rates = frames["retention_rates"]
        assert rates.loc[rates["measure"] == "churn", "numerator"].eq(0).all()
        assert frames["event_study"].empty
        assert facts["empty"]["event_study"] == "empty_no_churners"
        assert facts["weakest_step"] is None

    def test_only_churners(self, make_programme: Any, order_rows: Callable[..., Any], params: Params) -> None:
        people = {f"m{n}": "2024-01-03" for n in range(30)}
        orders = [row for name in people for row in order_rows(name, ["2024-01-10", "2024-02-10"])]
        gaps = [(name, "2024-02-10", "2024-05-10", None) for name in people]
        frames, facts = answers(make_programme(people, YEAR, gaps, orders=orders), params)
        check_well_formed(frames, facts)
        rates = frames["retention_rates"]
        may = rates[
            (rates["measure"] == "churn") & (rates["period"] == "2024-05-01") & (rates["basis"] == "members")
        ]
        assert may["rate"].tolist() == [1.0]
        assert frames["event_study"].empty  # nobody stayed to compare with
        assert frames["segments"].empty

    def test_one_member(self, make_programme: Any, order_rows: Callable[..., Any], params: Params) -> None:
        frames, facts = answers(
            make_programme({"a": "2024-01-03"}, YEAR, [], orders=order_rows("a", ["2024-02-01"])), params
        )
        check_well_formed(frames, facts)
        for name in ("retention_rates", "cohorts", "segments"):
            assert frames[name]["suppressed"].all(), name

    def test_gym_without_orders(self, make_programme: Any, params: Params) -> None:
        people = {f"g{n}": "2024-01-01" for n in range(40)}
        terms, events, gaps = [], [], []
        for number, name in enumerate(people):
            ends = ["2024-03-31", "2024-06-30", "2024-09-30"][: 1 + number % 3]
            starts = ["2024-01-01", "2024-04-01", "2024-07-01"]
            for place, end in enumerate(ends):
                row = {"membership_id": f"{name}{place}", "member_id": name, "plan": "q", "price_paid": 99.0}
                terms.append(row | {"starts_on": starts[place], "ends_on": end})
            left = pd.Timestamp(ends[-1]) + pd.Timedelta(days=30)
            gaps.append((name, ends[-1], str(left.date()), None))
            events += [{"member_id": name, "occurred_at": "2024-01-20 18:00", "event_type": "checkin"}]
        programme = make_programme(
            people,
            YEAR,
            gaps,
            definition="terms_30d",
            activity="memberships",
            memberships=terms,
            events=events,
        )
        frames, facts = answers(programme, params)
        check_well_formed(frames, facts)
        assert facts["empty"]["second_purchase"] == "empty_terms"
        nodes = frames["key_nodes"].set_index(["clock", "bin_start"])
        # 40 first terms, 14 of them last; 26 second terms, 13 last; 13 third terms, all last
        assert nodes.loc[("renewal_number", 1), ["exposure", "events"]].tolist() == [40, 14]
        assert nodes.loc[("renewal_number", 3), ["exposure", "events"]].tolist() == [13, 13]

    def test_no_activity_at_all(self, make_programme: Any, params: Params) -> None:
        people = {f"m{n}": "2024-01-03" for n in range(12)}
        gaps = [(name, "2024-01-03", "2024-04-02", None) for name in people]
        frames, facts = answers(make_programme(people, YEAR, gaps), params)
        check_well_formed(frames, facts)
        steps = frames["lifecycle_steps"].set_index("stage")
        assert steps.loc["recruited", "members_lost"] == 12


def test_stage_writes_what_is_documented(
    tmp_path: Path, random_shop: Callable[..., Any], params: Params
) -> None:
    programme, study = random_shop(250, 1, 0.04), StudyPaths(tmp_path / "a study 研究")
    for name, table in programme.tables.items():
        write_table(table, study.interim / f"{name}.parquet")
    write_json(programme.intake_facts, study.interim / "intake.json")
    write_table(programme.spells, study.processed / "spells.parquet")
    write_table(programme.panel, study.processed / "panel.parquet")
    write_json(programme.panel_facts, study.processed / "panel.json")
    write_table(programme.churners, study.results / "churners.parquet")
    write_table(NO_FEEDBACK_TOPICS, study.results / "feedback_topics.parquet")
    retention.run(study, params)
    written = {path.stem for path in study.results.glob("*.parquet")} - {"churners", "feedback_topics"}
    assert written == set(DOCUMENTED)
    for name in written:
        frame = pd.read_parquet(study.results / f"{name}.parquet")
        assert set(frame.columns) == set(DOCUMENTED[name])
    first = {name: (study.results / f"{name}.parquet").read_bytes() for name in written}
    retention.run(study, params)
    assert all((study.results / f"{name}.parquet").read_bytes() == content for name, content in first.items())


@pytest.mark.filterwarnings("ignore:Glyph")  # text stays text in SVG; the browser has the font
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_figures_draw_in_theme_colours(lang: str, random_shop: Callable[..., Any], params: Params) -> None:
    import io
    import re

    from whychurn.report.drawing.theme import VARIABLES

    programme = random_shop(250, 1, 0.04)
    frames, _ = answers(programme, params)
    rates, moves, nodes = frames["retention_rates"], frames["lifecycle"], frames["key_nodes"]
    drawn = [
        figures.draw_rates(rates[rates["period_kind"] == "month"], lang),
        figures.draw_cohorts(frames["cohorts"], lang),
        figures.draw_stages(frames["lifecycle_sizes"], lang),
        figures.draw_moves(moves[moves["month"].isna()], lang),
        figures.draw_steps(frames["lifecycle_steps"], lang, "CNY"),
        figures.draw_second_purchase(frames["second_purchase"], lang),
        figures.draw_hazard(nodes[nodes["unit"] == "days"], lang),
        figures.draw_segments(frames["segments"], lang),
        figures.draw_study(frames["event_study"], lang),
    ]
    for figure in drawn:
        target = io.StringIO()
        figure.savefig(target, format="svg")
        colours = set(re.findall(r"#[0-9a-f]{6}\b", target.getvalue()))
        assert colours <= set(VARIABLES) | {"#000000"}, colours - set(VARIABLES)


@pytest.mark.parametrize("clock", ["purchase_number", "renewal_number"])
def test_counted_moments_are_named(clock: str) -> None:
    row = {"clock": clock, "unit": "count", "bin_start": 2.0, "bin_end": 3.0}
    english, chinese = (clock_bin_name(row, lang) for lang in ("en", "zh"))
    assert english.endswith(" 2") and "第 2 次" in chinese


def test_a_rate_is_written_with_its_bounds() -> None:
    row = {"rate": 0.25, "low": 0.2, "high": 0.3, "members": 90}
    assert story.rate_words(row, Voice("en")) == {"rate": "0.250", "low": "0.200", "high": "0.300"}
