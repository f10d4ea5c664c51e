"""What a played world says of the answers of stage `action`: each measure a row, with its standard error where it has one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from whychurn.contract.files import read_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.world.play.play_plan import PLAN, Outcome
from whychurn.world.truth.folder import FOLDER

UNTESTED = "untested_playbook"  # the product's own plan where no test is read
SIMPLE = ("blanket", "random", "rule", "highest_risk", UNTESTED)
Row = tuple[str, float, float]  # measure, value, standard error
MAIN_HORIZON = 90


def measures_of(study: StudyPaths, params: Params, played: Outcome) -> pd.DataFrame:
    """One row a measure: measure, value, se (null where there is none)."""
    rows = [
        *_played(played),
        *_effects(study, params),
        *_verdicts(study, played),
        *_dogs(study, played),
        *_against_model(study, played),
        *_warnings(study),
    ]
    return pd.DataFrame(rows, columns=["measure", "value", "se"])


def _played(played: Outcome) -> Iterator[Row]:
    """Gains over doing nothing, shares of the oracles, and whether the plan is the best of those without an oracle."""
    table = played.table.set_index("policy")
    for policy, line in table.iterrows():
        yield f"gain.{policy}", line["gain"], line["gain_se"]
    plan, informed = table.loc[PLAN], table.loc["informed", "gain"]
    yield "share_informed", plan["share_informed"], plan["gain_se"] / informed if informed > 0 else np.nan
    yield "share_clairvoyant", plan["share_clairvoyant"], np.nan
    best = table.loc[list(SIMPLE), "gain"].max()
    yield "better_than_simple", float(plan["gain"] > best), np.nan
    yield (
        "behind_simple_of_informed",
        max(best - plan["gain"], 0) / informed if informed > 0 else np.nan,
        np.nan,
    )
    made = played.contacts[PLAN]
    yield "contacts", len(made.rows), np.nan
    yield "spent_of_budget", made.cost / played.budget if played.budget else np.nan, np.nan
    yield "dropped", sum(rows for reason, rows in made.dropped.items() if reason != "no_contact"), np.nan


def _truth(study: StudyPaths, name: str) -> pd.DataFrame:
    return read_table(study.root / FOLDER / f"{name}.parquet")


def _effects(study: StudyPaths, params: Params) -> Iterator[Row]:
    """Whether intervals of average effects hold the truth: intention to treat, decisions to leave within 90 days.

    Where leaving takes effect at the end of a term, leavings and decisions fall apart, and nothing is compared.
    """
    told = read_table(study.results / "action_effects.parquet")
    if params.world.program not in ("shop", "app"):
        return
    told = told[(told["cause"] == "all") & (told["horizon_days"] == MAIN_HORIZON)].set_index("action")
    true = _truth(study, "touch_effects")
    true = true[true["treated"] & true["campaign_id"].str.startswith("test-")]
    change = true["p_notice"] * (true["p_churn_touched"] - true["p_churn_untouched"])
    mean = change.groupby(true["action"]).mean()
    both = told.join(mean.rename("true"), how="inner").dropna(subset=["low", "high"])
    if len(both):
        held = (both["low"] <= both["true"]) & (both["true"] <= both["high"])
        yield "effects_compared", len(both), np.nan
        yield "effects_covered", held.mean(), np.nan
        yield "effect_error", (both["effect"] - both["true"]).abs().mean(), np.nan


def _verdicts(study: StudyPaths, played: Outcome) -> Iterator[Row]:
    """Duds that are called shown; actions that do harm and are called harmful, or are in no contact of the plan."""
    playbook = read_table(study.results / "playbook.parquet")
    effects = read_table(study.results / "action_effects.parquet")
    shown = set(playbook.loc[playbook["tested"] == "shown", "action"])
    harmful = set(playbook.loc[playbook["tested"] == "harmful", "action"])
    kind = _truth(study, "action_efficacy").groupby("action")["kind"].first()
    tested = set(effects.loc[effects["treated"] > 0, "action"]) if len(effects) else set()
    used = set(played.contacts[PLAN].rows["action"])
    for name, verdict in (("duds_called_shown", shown), ("duds_in_the_plan", used)):
        duds = [action for action in kind.index[kind == "dud"] if action in tested]
        yield name, np.mean([action in verdict for action in duds]) if duds else np.nan, np.nan
    wakes = [action for action in kind.index[kind == "wakes"] if action in tested]
    avoided = [action in harmful or action not in used for action in wakes]
    yield "harm_avoided", np.mean(avoided) if wakes else np.nan, np.nan
    works = [action for action in kind.index[kind == "works"] if action in tested]
    yield "works_called_shown", np.mean([action in shown for action in works]) if works else np.nan, np.nan


def _dogs(study: StudyPaths, played: Outcome) -> Iterator[Row]:
    """Share of sleeping dogs among those contacted, over their share among members on the books."""
    state = _truth(study, "decision_state")
    dog = state["dog"].to_numpy()
    rows = played.contacts[PLAN].rows["row"].to_numpy()
    present = state["present"].to_numpy()
    here = rows[present[rows]] if len(rows) else rows
    ratio = dog[here].mean() / dog[present].mean() if len(here) else np.nan
    yield "dogs_contacted", ratio, np.nan
    yield "gone_contacted", 1 - present[rows].mean() if len(rows) else np.nan, np.nan


def _against_model(study: StudyPaths, played: Outcome) -> Iterator[Row]:
    """The value of the plan by AIPW and as it believes, against what was played; currency a member."""
    told = read_table(study.results / "plan_value.parquet")
    true = played.table.set_index("policy").loc[PLAN, "gain"]
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
