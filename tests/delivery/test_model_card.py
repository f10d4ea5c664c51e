"""The card says in both languages what the files say."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from whychurn.contract.files import write_json, write_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.results import columns_of, typed
from whychurn.delivery.registry.model_versions import actions_file, causes_file
from whychurn.delivery.tracking.model_card import write_model_card

Make = Callable[..., StudyPaths]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_card_states_target_figures_inputs_and_test_period(
    make_study: Make, params: Params, lang: str
) -> None:
    card = write_model_card(make_study(auc=0.8123), params, lang)
    for stated in (
        "inactivity_90d",
        "60",
        "0.812 [0.792–0.832]",
        "2025-10-01",
        "`opted_out`",
        params.study.name[lang],
    ):
        assert stated in card, stated
    assert card.count("\n## ") == 10
    assert "{" not in card


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_card_says_how_far_served_causes_stay_from_their_method(
    make_study: Make, params: Params, lang: str
) -> None:
    study = make_study()
    fidelity = {
        "held_out": 1234,
        "absolute_error": 0.0812,
        "divergence": 0.27,
        "divergence_of_mean": 0.38,
        "same_cause": 0.54,
    }
    write_json({"name_from": [0.45] * 6, "fidelity": fidelity}, causes_file(study))
    card = write_model_card(study, params, lang)
    for stated in ("1,234", "8.1", "0.27", "0.38", "54%", "45%", "`primary_cause`"):
        assert stated in card, stated
    assert card.count("\n## ") == 11 and "{" not in card


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_card_says_what_answers_about_actions_mean(make_study: Make, params: Params, lang: str) -> None:
    study = make_study()
    write_json({"columns": {"app": "has_app", "email": "has_email"}}, actions_file(study))
    card = write_model_card(study, params, lang)
    for stated in (
        "`expected_gain`",
        "`do_not_send_reason`",
        "`marketing_consent`",
        "`has_app`, `has_email`",
        "consent_unknown",
    ):
        assert stated in card, stated
    assert card.count("\n## ") == 11 and "{" not in card


def test_the_card_names_open_alarms_of_departures_and_inputs(make_study: Make, params: Params) -> None:
    study = make_study()
    assert "no month has been watched" in write_model_card(study, params, "en").lower()
    month = pd.Timestamp("2025-09-01")
    chart = {
        "chart": "leavings",
        "group": "all",
        "month": month,
        "observed": 140.0,
        "expected": 100.0,
        "state": "judged",
    }
    alarm = {"chart": "leavings", "group": "all", "month": month, "since": month, "direction": "more", "size": 1.4,
             "size_low": 1.2, "size_high": 1.6, "members": 40.0, "open": True}  # fmt: skip
    _write(study, "watch_charts", chart)
    assert "No alarm on departures" in write_model_card(study, params, "en")
    _write(
        study,
        "watch_alarms",
        alarm,
        alarm | {"group": "plan:yearly", "open": False},
        alarm | {"chart": "silent"},
    )
    card = write_model_card(study, params, "en")
    assert (
        "September 2025: **1.40** times as many [1.20–1.60]" in card
        and "yearly" not in card
        and "More members are silent" not in card
    )


def _write(study: StudyPaths, name: str, *rows: dict[str, object]) -> None:
    frame = pd.DataFrame(list(rows)).reindex(columns=columns_of(name))
    write_table(typed(frame), study.results / f"{name}.parquet")


def test_the_chinese_card_is_chinese(make_study: Make, params: Params) -> None:
    card = write_model_card(make_study(), params, "zh")
    assert "模型卡" in card and "距上次下单天数" in card
    assert "gradient" not in card and "logistic" not in card


def test_every_table_row_has_the_cells_of_its_head(make_study: Make, params: Params) -> None:
    blocks = [
        block for block in write_model_card(make_study(), params, "en").split("\n\n") if block.startswith("|")
    ]
    assert len(blocks) == 3
    for block in blocks:
        assert len({line.count("|") for line in block.splitlines()}) == 1
