"""Results of the stage voice: tables, the topic model, and records for the tracker."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import repeat

import pandas as pd

from whychurn.contract.fit_records import FitRecord
from whychurn.contract.params import Params, VoiceParams
from whychurn.voice.breakdowns.by_group import strata_of_texts, topics_by_group
from whychurn.voice.breakdowns.emerging_topics import daily_alerts, rising
from whychurn.voice.breakdowns.over_time import topic_changes, topics_by_month
from whychurn.voice.text.corpus import Corpus
from whychurn.voice.text_scores import score_texts, text_scores_table
from whychurn.voice.topics.discovery import Discovery, find_topics, texts_before
from whychurn.voice.topics.hierarchy import topic_tree
from whychurn.voice.topics.method_comparison import METHOD_COLUMNS, compare_methods
from whychurn.voice.topics.topic_model import TopicModel
from whychurn.voice.topics.topics_and_verbatims import topic_table, topic_verbatims
from whychurn.voice.triangulation import triangulate

MODEL: str = "data/processed/voice_model"


@dataclass(frozen=True)
class VoiceResults:
    """Tables by the name of their results file, the topic model, fits for the tracker."""

    tables: dict[str, pd.DataFrame]
    model: TopicModel
    fits: list[FitRecord]


def voice_results(
    corpus: Corpus,
    interim: Mapping[str, pd.DataFrame],
    until: pd.Timestamp,
    params: Params,
    pool: Executor | None = None,
) -> VoiceResults:
    """Read the texts of a corpus, find their topics, compare sources.

    Parameters
    ----------
    interim
        Tables of data/interim: members, surveys, orders, memberships.
    until
        First day whose texts are not used for fitting (`corpus.fit_until`).
    pool
        Workers for languages in parallel.
    """
    floor = params.privacy.min_cell
    reading = score_texts(corpus, until, params)
    discovery = find_topics(corpus, until, params, floor, pool)
    compared = compare_topics(discovery, corpus, until, params, pool)
    distinct = reading.scores.join(discovery.distinct)
    members = interim["members"]
    text_scores = text_scores_table(corpus, distinct, members)
    topics = topic_table(discovery.model.named, corpus, distinct, floor)
    tables = {
        "feedback_topics": text_scores,
        "topics": topics,
        "topic_verbatims": topic_verbatims(topics, corpus, members, discovery.distinct, params.voice),
        **topic_breakdowns(corpus, distinct, interim, params),
        **reading.checks,
        "triangulation": triangulate(text_scores, interim["surveys"], floor, params),
        "topic_tree": topic_tree(
            discovery.fitted, discovery.model.topic_of, len(discovery.model.named), params.voice.groups
        ),
        "topic_methods": topic_methods(compared),
    }
    fits = [
        FitRecord("causes_of_texts", {"draws": params.voice.draws}, reading.metrics(), list(reading.checks)),
        *topic_fits(discovery, corpus, params),
        *method_fits(tables["topic_methods"], params.voice),
    ]
    return VoiceResults(tables, discovery.model, fits)


def topic_breakdowns(
    corpus: Corpus, distinct: pd.DataFrame, interim: Mapping[str, pd.DataFrame], params: Params
) -> dict[str, pd.DataFrame]:
    """Topics over time and by group, and what is on the rise; over all texts of all members."""
    voice, floor = params.voice, params.privacy.min_cell
    texts = corpus.texts[corpus.texts["distinct_id"].ge(0)][["member_id", "known_on", "distinct_id", "state"]]
    texts = texts.join(distinct["topic_id"], on="distinct_id").join(
        corpus.distinct["tokens"], on="distinct_id"
    )
    modelled = texts[texts["state"].eq("ok")]
    strata = strata_of_texts(texts, interim, params.retention.tiers)
    return {
        "topic_months": topics_by_month(texts, floor),
        "topic_changes": topic_changes(texts, params, floor),
        "topic_groups": topics_by_group(texts, strata, floor, params.run.false_discovery),
        "topic_rising": rising(modelled, params, floor),
        "topic_alerts": daily_alerts(texts, voice),
    }


def compare_topics(
    discovery: Discovery, corpus: Corpus, until: pd.Timestamp, params: Params, pool: Executor | None = None
) -> Iterator[pd.DataFrame]:
    """Methods compared on each language that has topics, in `pool` while other work goes on.

    Labels are the reasons ticked beside a survey's comment.
    """
    commented = corpus.texts[corpus.texts["known_on"].lt(until) & corpus.texts["reason"].notna()]
    reasons = commented.drop_duplicates("distinct_id").set_index("distinct_id")["reason"]
    free = {  # options of a list leave nothing to compare methods on
        language: fit
        for language, fit in discovery.fitted.items()
        if fit.facts["distinct_texts"] - fit.facts["chosen_from_list"] >= params.voice.min_texts
    }
    texts_by_language = [texts_before(corpus, language, until) for language in free]
    labels = [reasons.reindex(places).reset_index(drop=True) for _, places in texts_by_language]
    each = map if pool is None else pool.map
    return iter(
        each(compare_methods, [distinct for distinct, _ in texts_by_language], labels, free, repeat(params))
    )


def topic_methods(compared: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The comparisons of all languages, one below the other."""
    tables = list(compared)
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(METHOD_COLUMNS))


def method_fits(methods: pd.DataFrame, voice: VoiceParams) -> list[FitRecord]:
    """One record a language and method."""
    records = []
    for row in methods.to_dict("records"):
        figures = {
            str(key): float(value)
            for key, value in row.items()
            if key not in ("language", "method", "used") and value == value
        }
        settings: dict[str, str | int | float | bool | None] = {
            "language": row["language"],
            "method": row["method"],
            "used": bool(row["used"]),
            "seeds": voice.stability_seeds,
            "row_orders": voice.stability_orders,
        }
        name = f"method_{row['method']}_{row['language']}"
        records.append(FitRecord(name, settings, figures, ["topic_methods"]))
    return records


def topic_fits(discovery: Discovery, corpus: Corpus, params: Params) -> list[FitRecord]:
    """One record a language with topics."""
    voice, records = params.voice, []
    for language, fit in discovery.fitted.items():
        modelled = corpus.distinct["space"].eq(language) & corpus.distinct["state"].eq("ok")
        none = discovery.distinct.loc[modelled, "topic_id"].lt(0)
        figures = {key: float(value) for key, value in fit.facts.items() if value == value}
        figures["outliers"] = float(none.mean()) if len(none) else 0.0
        settings: dict[str, str | int | float | bool | None] = {
            "method": voice.method,
            "embedding": voice.embedding,
            "language": language,
            "seed": params.run.seed,
        }
        records.append(FitRecord(f"topics_{language}", settings, figures, ["topics", "topic_tree"], [MODEL]))
    return records
