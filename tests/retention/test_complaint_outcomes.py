"""What follows complaints, and silence, on stories counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.causes import CAUSES
from whychurn.retention.before_churn.complaint_outcomes import (
    OUTCOME_COLUMNS,
    complaint_outcomes,
)
from whychurn.retention.before_churn.silent_churn import SILENCE_COLUMNS, silent_churn

END = pd.Timestamp("2025-12-31")
DAY = pd.Timedelta(days=1)


@pytest.fixture
def own(params):
    retention = params.retention.model_copy(
        update={"complaint_fast_hours": 48.0, "complaint_landmark_days": 14, "complaint_outcome_days": 90, "silent_days": 180}
    )  # fmt: skip
    return params.model_copy(update={"retention": retention})


def complaint(member, on, cause="price", hours=None, resolved=True, source="complaint"):
    on = pd.Timestamp(on)
    key = f"{member}-{on:%m%d}"
    said = {"feedback_id": key, "member_id": member, "known_on": on, "origin": "feedback", "source": source}
    said |= {f"p_{c}": np.nan if cause is None else (0.7 if c == cause else 0.02) for c in CAUSES}
    said["p_none"] = np.nan if cause is None else 0.2
    answered = pd.NaT if hours is None else on + pd.Timedelta(hours=hours)
    fed = {
        "feedback_id": key,
        "member_id": member,
        "created_at": on,
        "responded_at": answered,
        "resolved": resolved,
    }
    return said, {**fed, "source": source}


def spell(member, last=None, wait=60, entered="2024-01-01", spell_no=1):
    last = pd.Timestamp(last) if last else None
    ended = last + wait * DAY if last is not None else pd.NaT
    return {
        "member_id": member, "spell_no": spell_no, "entered_on": pd.Timestamp(entered),
        "last_active_on": last if last is not None else END - 3 * DAY, "ended_on": ended,
    }  # fmt: skip


def outcomes(cases, spells, own, min_cell=1):
    said, fed = (pd.DataFrame(part) for part in zip(*cases, strict=True))
    fed["resolved"] = fed["resolved"].astype("boolean")
    table = complaint_outcomes(said, fed, pd.DataFrame(spells), END, own, min_cell)
    return table.set_index(["theme", "resolution"])


def test_outcomes_by_theme_and_handling(own) -> None:
    cases = [
        complaint("a", "2025-01-10", "price", hours=5),
        complaint("b", "2025-01-10", "price", hours=100),
        complaint("c", "2025-01-10", "product_service"),
        complaint("d", "2025-01-10", "product_service", hours=5, resolved=False),  # answered, not solved
        complaint("e", "2025-01-10", None, hours=24 * 20),  # after the landmark
    ]
    spells = [
        spell("a"),
        spell("b", "2025-02-20"),
        spell("c", "2025-01-12"),
        spell("d", "2025-08-01"),
        spell("e"),
    ]
    table = outcomes(cases, spells, own)
    assert table.loc[("price", "fast"), "churned"] == 0 and table.loc[("price", "slow"), "churned"] == 1
    assert table.loc[("product_service", "never"), "complaints"] == 2
    assert table.loc[("product_service", "never"), "rate"] == 0.5, "d left much later"
    assert table.loc[("no_text", "never"), "complaints"] == 1
    assert table.loc[("all", "all"), "complaints"] == 5 and table.loc[("all", "all"), "churned"] == 2


def test_only_members_there_at_the_landmark_with_a_full_follow_up(own) -> None:
    cases = [
        complaint("gone", "2025-03-01"),  # left before the landmark
        complaint("new", "2025-10-01"),  # not followed long enough for absence to count
        complaint("kept", "2025-03-01"),
        complaint("kept", "2025-03-05", source="review"),  # no complaint
    ]
    spells = [spell("gone", "2025-01-05", wait=60), spell("new"), spell("kept")]
    table = outcomes(cases, spells, own)
    assert table.loc[("all", "all"), "members"] == 1 and table.loc[("all", "all"), "complaints"] == 1


def test_small_cells_are_blank_and_nothing_is_well_formed(own) -> None:
    cases = [complaint(f"m{n}", "2025-01-10", "price", hours=5) for n in range(4)]
    table = outcomes(cases, [spell(f"m{n}") for n in range(4)], own, min_cell=5)
    assert table["suppressed"].all() and table["rate"].isna().all()
    said, fed = (pd.DataFrame([row]).iloc[:0] for row in cases[0])
    empty = complaint_outcomes(said, fed, pd.DataFrame([spell("a")]), END, own, 5)
    assert empty.empty and list(empty.columns) == list(OUTCOME_COLUMNS)


def panel_row(member, stop_on, event, churned=False, tier="regular"):
    return {
        "member_id": member, "spell_no": 1, "as_of": pd.Timestamp("2025-06-01"), "stop_on": pd.Timestamp(stop_on),
        "event": event, "churned_in_horizon": churned, "tenure_days": 200.0, "spend_tier": tier, "channel": None,
        "region": "north", "age_band": None,
    }  # fmt: skip


def words(rows):
    frame = pd.DataFrame(rows, columns=["member_id", "created_at", "source"])
    return frame.assign(created_at=pd.to_datetime(frame["created_at"]))


def answers(rows):
    frame = pd.DataFrame(rows, columns=["member_id", "kind", "answered_at"])
    return frame.assign(answered_at=pd.to_datetime(frame["answered_at"]))


def test_silence_is_counted_back_from_the_last_activity(own) -> None:
    panel = pd.DataFrame(
        [
            panel_row(
                "a", "2025-06-20", True, True, "gold"
            ),  # last seen 2025-04-21: said something in January
            panel_row("b", "2025-06-20", True, True),  # an exit survey and an interview: asked
            panel_row("c", "2025-06-20", True, True),  # a word too long ago
            panel_row("d", "2025-07-01", False),  # a survey
            panel_row("e", "2025-07-01", False),
        ]
    ).astype({"churned_in_horizon": "boolean", "channel": "string", "age_band": "string"})
    spells = pd.DataFrame([spell(m, "2025-04-21") for m in "abc"] + [spell(m) for m in "de"])
    fed = words(
        [("a", "2025-01-02", "review"), ("c", "2024-06-01", "complaint"), ("a", "2025-05-30", "complaint")]
    )
    asked = answers(
        [("b", "exit", "2025-06-22"), ("b", "interview", "2025-04-01"), ("d", "nps", "2025-05-01")]
    )
    table = silent_churn(fed, asked, panel, spells, own, 1).set_index(["kind", "dimension", "stratum"])
    assert table.loc[("leavers", "all", "all"), "rate"] == pytest.approx(2 / 3)
    assert table.loc[("leavers", "spend_tier", "gold"), "rate"] == 0
    following = table.loc["following"].droplevel(0)
    assert following.loc["silent", "members"] == 3 and following.loc["silent", "numerator"] == 2
    assert following.loc["complained", "members"] == 1 and following.loc["spoke", "rate"] == 0


def test_a_study_without_words_has_no_silence(own) -> None:
    panel = pd.DataFrame([panel_row("a", "2025-06-20", True, True)]).astype({"churned_in_horizon": "boolean"})
    table = silent_churn(words([]), answers([]), panel, pd.DataFrame([spell("a", "2025-04-21")]), own, 5)
    assert table.empty and list(table.columns) == list(SILENCE_COLUMNS)
