"""What a played world says of the answers of stage `action`: each measure a row, with its standard error where it has one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from whychurn.contract.files import read_table
from whychurn.contract.params import Params, WorldParams
from whychurn.contract.paths import StudyPaths
from whychurn.score.actions.action_scores import TOLD, TRUTH, action_scores
from whychurn.score.ground_truth import read_planted
from whychurn.stages.on_demand.playing import simulated_from
from whychurn.world.play.play_plan import PLAN, Outcome

UNTESTED = "untested_playbook"  # the product's own plan where no test is read
SIMPLE = ("blanket", "random", "rule", "highest_risk", UNTESTED)
Row = tuple[str, float, float]  # measure, value, standard error
AT_ONCE = ("shop", "app")  # programmes without terms: a decision to leave takes effect at once


def measures_of(study: StudyPaths, params: Params, played: Outcome) -> pd.DataFrame:
    """One row a measure: measure, value, se (null where there is none)."""
    rows = [
        *_played(played),
        *_against_truth(study, params, simulated_from(study)),
        *_against_model(study, played),
        *_warnings(study),
    ]
    return pd.DataFrame(rows, columns=["measure", "value", "se"])


def _played(played: Outcome) -> Iterator[Row]:
    """Gains over doing nothing, shares of the oracles, and whether the plan is the best of those without an oracle."""
    table = played.table.set_index("policy")
    for policy, line in table.iterrows():
        yield f"gain.{policy}", line["gain"], line["gain_se"]
    numbers = table.select_dtypes("number").to_dict("index")
    plan, informed = numbers[PLAN], float(numbers["informed"]["gain"])
    yield "share_informed", plan["share_informed"], plan["gain_se"] / informed if informed > 0 else np.nan
    yield "share_clairvoyant", plan["share_clairvoyant"], np.nan
    best = max(float(numbers[policy]["gain"]) for policy in SIMPLE)
    yield "better_than_simple", float(plan["gain"] > best), np.nan
    behind = max(best - plan["gain"], 0)
    yield "behind_simple_of_informed", behind / informed if informed > 0 else np.nan, np.nan
    made = played.contacts[PLAN]
    yield "contacts", len(made.rows), np.nan
    yield "spent_of_budget", made.cost / played.budget if played.budget else np.nan, np.nan
    yield "dropped", sum(rows for reason, rows in made.dropped.items() if reason != "no_contact"), np.nan


def _against_truth(study: StudyPaths, params: Params, world: WorldParams) -> Iterator[Row]:
    """What stage score tells of any simulated study."""
    told = {name: read_table(study.results / f"{name}.parquet") for name in TOLD}
    true = dict(zip(TRUTH, read_planted(study, params, *TRUTH), strict=True))
    scores = action_scores(told, true, world.program in AT_ONCE)
    yield from ((measure, value, np.nan) for measure, value in scores.itertuples(index=False))


def _against_model(study: StudyPaths, played: Outcome) -> Iterator[Row]:
    """The value of the plan by AIPW and as it believes, against what was played; currency a member."""
    told = read_table(study.results / "plan_value.parquet")
    true = float(played.table.set_index("policy")["gain"].to_dict()[PLAN])
    for method in ("aipw", "model"):
        line = told[(told["policy"] == PLAN) & (told["method"] == method)].dropna(subset=["gain"])
        if len(line) and true:
            one = line.iloc[0]
            yield f"{method}_covers", float(one["low"] <= true <= one["high"]), np.nan
            yield f"{method}_bias", (one["gain"] - true) / abs(true), np.nan


def _warnings(study: StudyPaths) -> Iterator[Row]:
    """Precision of the model's alerts at capacity against the rule on silence, and their median lead."""
    told = read_table(study.results / "warning_quality.parquet").set_index("source")
    if not {"model", "silence"} <= set(told.index):
        return
    model, silence = told.loc["model"], told.loc["silence"]
    yield "alerts_precision", float(model["precision"]), np.nan
    over = model["precision"] / silence["precision"] if silence["precision"] > 0 else np.nan
    yield "alerts_over_silence", float(over), np.nan
    yield "alerts_lead_days", float(model["lead_median_days"]), np.nan
