"""The model card: what the model forecasts, how good it is, what it is not for; in both languages."""

from __future__ import annotations

import math
from typing import Any, Final

import pandas as pd

from whychurn.contract.codes import RISK_MODEL
from whychurn.contract.files import read_json, read_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.suppression import suppress_small_cells
from whychurn.delivery.mlflow_store import digest_files
from whychurn.delivery.registry.model_versions import (
    actions_file,
    causes_file,
    model_folder,
    read_features,
    served_files,
)
from whychurn.report.page.formats import format_interval
from whychurn.report.page.wording import Wording
from whychurn.report.watch.answer import open_alarms
from whychurn.report.watch.results import read_watch
from whychurn.report.watch.sentences.alarms import alarm_line
from whychurn.report.words import has_words, say

METRICS: Final = ("auc", "pr_auc", "brier", "ece")
ALARMING: Final = ("leavings", "inputs")  # charts that tell of this model


def write_model_card(study: StudyPaths, params: Params, lang: str) -> str:
    """Markdown card of the model that lies in `study`, in one language.

    Raises
    ------
    WhychurnError
        If the risk stage has not written a model.
    """
    facts = read_json(study.processed / "panel.json")
    table = read_table(study.results / "risk_metrics.parquet")
    whole = table[table["stratum_kind"] == "all"]
    last = read_json(model_folder(study) / "metadata.json")["as_of"]["test"][-1]
    sections = [
        ("forecasts", _forecasts(facts, lang)),
        ("data", _data(study, params, facts, lang)),
        ("figures", "\n\n".join([_figures(whole, lang), *_listed(table, lang)])),
        ("watch", _watch(study, params, lang)),
        ("strata", _strata(table, params.privacy.min_cell, lang)),
        *([("causes", _causes(study, lang))] if causes_file(study).exists() else []),
        *([("actions", _actions(study, lang))] if "actions" in served_files(study) else []),
        ("use", _bullets(["use_good", "use_bad"], lang)),
        (
            "limits",
            _bullets(
                ["limit_gone", "limit_reasons", "limit_interval", "limit_time", "limit_empty"],
                lang,
                last=last,
            ),
        ),
        ("privacy", _word("privacy", lang)),
        ("inputs", _inputs(read_features(study), lang)),
        ("origin", _origin(study, lang)),
    ]
    count = len(read_features(study))
    parts = [f"# {_word('title', lang, name=params.delivery.registered_risk)}"]
    for name, text in sections:
        title = _word(f"{name}_title", lang, **({"count": count} if name == "inputs" else {}))
        parts.append(f"## {title}\n\n{text}")
    return "\n\n".join(parts) + "\n"


def _word(key: str, lang: str, **values: object) -> str:
    return say(f"model_card.{key}", lang, **values)


def _bullets(keys: list[str], lang: str, **values: object) -> str:
    return "\n".join(f"- {_word(key, lang, **values)}" for key in keys)


def _forecasts(facts: dict[str, Any], lang: str) -> str:
    days = facts["grace_days"] if facts["kind"] == "terms" else facts["threshold_days"]
    key = f"forecasts_{facts['kind']}"
    return _word(key, lang, horizon=facts["horizon_days"], days=days, definition=facts["definition"])


def _data(study: StudyPaths, params: Params, facts: dict[str, Any], lang: str) -> str:
    panel = read_table(study.processed / "panel.parquet", ["member_id", "churned_in_horizon"])
    return _word(
        "data",
        lang,
        study=params.study.name.get(lang, next(iter(params.study.name.values()))),
        rows=f"{len(panel):,}",
        members=f"{panel['member_id'].nunique():,}",
        first=facts["as_of_first"],
        last=facts["as_of_last"],
        events=f"{int(panel['churned_in_horizon'].fillna(False).sum()):,}",
    )


def _figures(whole: pd.DataFrame, lang: str) -> str:
    first = whole[whole["model"] == RISK_MODEL].iloc[0]
    counts = {name: f"{int(first[name]):,}" for name in ("rows", "members", "events")}
    lines = [[_word("model", lang), *(_word(metric, lang) for metric in METRICS)]]
    for model in whole["model"].unique():
        name = _word(f"model_{model}", lang) if has_words(f"model_card.model_{model}") else model
        lines.append([name, *(_cell(whole[whole["model"] == model], metric) for metric in METRICS)])
    return f"{_word('figures', lang, **counts)}\n\n{_table(lines)}"


def _listed(table: pd.DataFrame, lang: str) -> list[str]:
    """Who of the listed had already gone; nothing where it was not measured."""
    rows = table[(table["stratum_kind"] == "listed") & (table["metric"] == "gone_5")].set_index("stratum")
    if not {"still_there", "everybody"} <= set(rows.index):
        return []
    shares = {name: f"{rows.loc[name, 'estimate']:.0%}" for name in ("still_there", "everybody")}
    return [_word("gone_listed", lang, there=shares["still_there"], everybody=shares["everybody"])]


def _watch(study: StudyPaths, params: Params, lang: str) -> str:
    """Alarms that are open on departures or on the inputs of the model."""
    results = read_watch(study, params.study.currency)
    if not results.months("judged"):
        return _word("watch_unjudged", lang)
    page = Wording(lang, params.study.currency, params.privacy.min_cell)
    lines = [alarm_line(row, page) for row in open_alarms(results) if row["chart"] in ALARMING]
    return "\n".join(f"- {line}" for line in lines) or _word("watch_quiet", lang)


def _strata(table: pd.DataFrame, min_cell: int, lang: str) -> str:
    rows = table[(table["model"] == RISK_MODEL) & (table["stratum_kind"] == "tier")]
    if rows.empty:
        return _word("no_strata", lang)
    shown = suppress_small_cells(rows, "members", ["estimate", "low", "high", "rows", "events"], min_cell)
    lines = [[_word("tier", lang), _word("members", lang), *(_word(metric, lang) for metric in METRICS)]]
    for tier, group in shown.groupby("stratum", sort=False):
        if group["suppressed"].any():
            lines.append([str(tier), _word("hidden", lang, min_cell=min_cell), *[""] * len(METRICS)])
        else:
            members = f"{int(group['members'].iloc[0]):,}"
            lines.append([str(tier), members, *(_cell(group, metric) for metric in METRICS)])
    return _table(lines)


def _cell(rows: pd.DataFrame, metric: str) -> str:
    found = rows[rows["metric"] == metric]
    if found.empty or not math.isfinite(found["estimate"].iloc[0]):
        return "–"
    return format_interval(found.iloc[0], "{:.3f}".format)


def _causes(study: StudyPaths, lang: str) -> str:
    served = read_json(causes_file(study))
    fit = served["fidelity"]
    values = {
        "named": f"{min(served['name_from']):.0%}",
        "held_out": f"{fit['held_out']:,}",
        "error": f"{100 * fit['absolute_error']:.1f}",
        "divergence": f"{fit['divergence']:.2f}",
        "blind": f"{fit['divergence_of_mean']:.2f}",
        "same": f"{fit['same_cause']:.0%}",
    }
    return _word("causes", lang, **values)


def _actions(study: StudyPaths, lang: str) -> str:
    columns = sorted(set(read_json(actions_file(study))["columns"].values()))
    return _word("actions", lang, columns=", ".join(f"`{one}`" for one in columns) or "–")


def _inputs(features: list[dict[str, Any]], lang: str) -> str:
    lines = [[_word(key, lang) for key in ("input", "meaning", "kind", "unit")]]
    for feature in features:
        kind = _word(f"kind_{feature['kind']}", lang)
        lines.append([f"`{feature['name']}`", feature[lang], kind, feature.get("unit") or ""])
    return _table(lines)


def _origin(study: StudyPaths, lang: str) -> str:
    model = digest_files(sorted(model_folder(study).glob("*")))
    return _word("origin", lang, panel=digest_files([study.processed / "panel.parquet"]), model=model)


def _table(lines: list[list[str]]) -> str:
    head, *body = [f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines]
    return "\n".join([head, f"|{' --- |' * len(lines[0])}", *body])
