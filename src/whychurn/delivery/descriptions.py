"""Descriptions in MLflow: one finding with its figure and interval, and the page that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from mlflow import MlflowClient

from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.delivery.mlflow_store import KIND, find_logged
from whychurn.report.page.formats import format_interval
from whychurn.report.page.headlines import read_headlines
from whychurn.report.words import has_words, say

NOTE: Final = "mlflow.note.content"
# section -> page of the report, and the headline on it that tells the section
PAGES: Final = {
    "intake": ("10_data", "how_sure.rows_fit"),
    "panel": ("10_data", ""),
    "retention": ("20_retention", "how_many.churn_rate"),
    "survival": ("25_survival", "how_many.stay_year"),
    "risk": ("30_risk", "how_sure.auc"),
    "voice": ("40_voice", ""),
    "causes": ("50_causes", "why.cause_first"),
    "score": ("50_causes", "how_sure.causes"),
}
_OF_ALL: Final = ("why.cause_first", "how_many.churn_rate")
# a fit is told by the first of these that it has
_LEADING: Final = (
    *("accuracy", "stay_365d", "auc", "auc_90", "auc_180", "cause_macro_f1_lexicon", "topics", "npmi"),
    *("answer_share", "log_likelihood", "churn_rate"),
)


def described(params: Params, page: str, finding: Callable[[str], str]) -> str:
    """Markdown of a description in the languages of the reports, English first.

    Parameters
    ----------
    page
        What shows it, below the study; ``{lang}`` stands for the language.
    finding
        Language -> sentence.
    """
    texts = [
        f"{finding(lang)} {say('mlflow.page', lang, page=page.format(lang=lang))}"
        for lang in sorted(params.report.languages)
    ]
    return "\n\n".join(texts)


def page_of(section: str) -> str:
    """Page of a section below the study, ``{lang}`` in place of the language."""
    return f"reports/{{lang}}/{PAGES[section][0]}.html"


def told(figures: Mapping[str, float], lang: str) -> str:
    """The leading figure of a fit, with its interval (``<name>_low``, ``<name>_high``) where it has one."""
    shares = {key: value for key, value in figures.items() if key.startswith("share_")}
    shares = {key: value for key, value in shares.items() if has_words(f"causes.{key[6:]}")}
    largest = max(shares, key=lambda key: shares[key], default=None)
    key = next((name for name in _LEADING if name in figures), largest)
    if key is None:
        return say("mlflow.no_figure", lang)
    what = (
        say("mlflow.share", lang, cause=say(f"causes.{key[6:]}", lang))
        if key in shares
        else say(f"mlflow.{key}", lang)
    )
    return say("mlflow.figure", lang, what=what, value=_value(figures, key))


def _value(figures: Mapping[str, float], key: str) -> str:
    def shown(value: float) -> str:
        return f"{value:,.0f}" if abs(value) >= 100 or key == "topics" else f"{value:.3f}"

    if f"{key}_low" not in figures:
        return shown(figures[key])
    interval = {"estimate": figures[key], "low": figures[f"{key}_low"], "high": figures[f"{key}_high"]}
    return format_interval(interval, shown)


def describe_runs(
    client: MlflowClient,
    experiment: str,
    study: StudyPaths,
    params: Params,
    contents: Mapping[str, str],
    figures: Mapping[str, Mapping[str, Any]],
) -> None:
    """Write what the reports say now beside the run of each section, and beside the experiment.

    Parameters
    ----------
    contents
        Section -> digest that marks its run.
    figures
        Section -> figures that tell it where its page has no headline.
    """
    headlines = read_headlines(study)

    def spoken(key: str, lang: str) -> str:
        return headlines[key]["text"].get(lang, "") if key in headlines else ""

    def finding(key: str, figures: Mapping[str, float], lang: str) -> str:
        return spoken(key, lang) or told(figures, lang)

    for section, content in contents.items():
        run = find_logged(client, experiment, content)
        if run is not None and section in PAGES:
            key, own = PAGES[section][1], figures.get(section, {})
            note = described(params, page_of(section), partial(finding, key, own))
            client.set_tag(run, NOTE, note)

    def whole(lang: str) -> str:
        names = params.study.name
        opening = say("mlflow.pipeline", lang, name=names.get(lang, next(iter(names.values()))))
        return " ".join([opening, *filter(None, (spoken(key, lang) for key in _OF_ALL))])

    describe_experiment(client, experiment, described(params, "reports/{lang}/index.html", whole))


def describe_experiment(client: MlflowClient, experiment: str, text: str) -> None:
    """Write the description of an experiment, and that it holds runs of models."""
    for key, value in {**KIND, NOTE: text}.items():
        client.set_experiment_tag(experiment, key, value)
