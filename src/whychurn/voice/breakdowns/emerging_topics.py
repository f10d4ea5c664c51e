"""Emerging words and topics of the last weeks, and days with more texts than chance allows."""

from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import nbinom, norm, poisson

from whychurn.contract.codes import ALL_TEXTS
from whychurn.contract.params import Params, VoiceParams
from whychurn.contract.results import columns_of
from whychurn.stats.multiple_testing import benjamini_hochberg

RISING_COLUMNS: Final = columns_of("topic_rising")
ALERT_COLUMNS: Final = columns_of("topic_alerts")
LEAST_REST: Final = 1e-9  # a word that is all that was said has finite odds
LEAST_BASE_DAYS: Final = 21  # a shorter base raises no alert
PRIOR_WORDS: Final = 200.0  # strength of the prior, in words: rare words must rise clearly
ALERT_GAP_DAYS: Final = 7  # days just before the day, left out of its base: they may belong to the same rise


def log_odds(recent: pd.Series, before: pd.Series, prior_words: float) -> pd.DataFrame:
    """Log odds ratio of each word with an informative Dirichlet prior (Monroe et al. 2008, eq. 15-22).

    Parameters
    ----------
    recent, before
        Counts by word.
    prior_words
        Strength of the prior, which has the shares of both periods together.

    Returns
    -------
    Index of all words: recent, before, log_odds (recent against before), z.
    """
    counts = pd.DataFrame({"recent": recent, "before": before}).fillna(0.0)
    both = counts.sum(axis=1)
    prior = prior_words * both / max(1.0, both.sum())
    odds, variance = {}, pd.Series(0.0, index=counts.index)
    for name in ("recent", "before"):
        smoothed = counts[name] + prior
        odds[name] = np.log(smoothed) - np.log(
            np.maximum(counts[name].sum() + prior_words - smoothed, LEAST_REST)
        )
        variance = variance + 1 / smoothed
    counts["log_odds"] = odds["recent"] - odds["before"]
    counts["z"] = counts["log_odds"] / np.sqrt(variance)
    return counts


def rising(texts: pd.DataFrame, params: Params, min_cell: int) -> pd.DataFrame:
    """Words and topics of the last ``recent_weeks`` weeks against all before.

    Parameters
    ----------
    texts
        member_id, known_on, topic_id, tokens (separated by spaces). A word counts once a text.
    min_cell
        What fewer members said recently is left out.

    Returns
    -------
    `RISING_COLUMNS`, most surprising first: kind (word, topic), name (the word, or the topic's id),
    texts, members and share of texts, log odds and z, Benjamini-Hochberg q within the kind (one-sided),
    rising (q small enough, and at least ``min_recent_texts`` texts).
    """
    if texts.empty:
        return pd.DataFrame(columns=list(RISING_COLUMNS))
    since = texts["known_on"].max() - pd.Timedelta(weeks=params.voice.recent_weeks) + pd.Timedelta(days=1)
    new = texts["known_on"].ge(since)
    kinds = {
        "topic": texts.loc[texts["topic_id"].ge(0), ["member_id"]].assign(name=texts["topic_id"].astype(str)),
        "word": texts[["member_id"]]
        .assign(name=texts["tokens"].map(lambda text: sorted(set(text.split()))))
        .explode("name"),
    }
    parts = [
        _rising(kind, rows.dropna(subset=["name"]), new, params, min_cell) for kind, rows in kinds.items()
    ]
    return pd.concat(parts, ignore_index=True)[list(RISING_COLUMNS)]


def _rising(kind: str, rows: pd.DataFrame, new: pd.Series, params: Params, min_cell: int) -> pd.DataFrame:
    recent = new.reindex(rows.index)
    table = log_odds(rows[recent].value_counts("name"), rows[~recent].value_counts("name"), PRIOR_WORDS)
    table["members"] = rows[recent].groupby("name")["member_id"].nunique().reindex(table.index).fillna(0)
    numbers = {True: max(1, int(new.sum())), False: max(1, int((~new).sum()))}
    table["recent_share"], table["before_share"] = (
        table["recent"] / numbers[True],
        table["before"] / numbers[False],
    )
    table = table[table["members"] >= max(1, min_cell)].copy()
    comparable = bool((~new).any()) and len(table) > 0
    table["p_adjusted"] = benjamini_hochberg(norm.sf(table["z"])) if comparable else 1.0
    table["rising"] = table["p_adjusted"].lt(params.run.false_discovery) & table["recent"].ge(
        params.voice.min_recent_texts
    )
    named = table.rename_axis("name").reset_index().assign(kind=kind)
    return named.sort_values(["z", "name"], ascending=[False, True])


def daily_alerts(texts: pd.DataFrame, voice: VoiceParams) -> pd.DataFrame:
    """Days with more texts, in all or of one topic, than expected from the weeks before.

    A day's count is held against a negative binomial law with mean and variance of the base:
    ``alert_base_days`` days that end `ALERT_GAP_DAYS` before it (Poisson where the variance is no larger
    than the mean). Only days before it are used, so the rule can run each night.

    Parameters
    ----------
    texts
        known_on, topic_id.

    Returns
    -------
    `ALERT_COLUMNS`, one row an alert: expected count, smallest alarming count, probability of so many;
    first is true where no alert of the same topic stands in the `ALERT_GAP_DAYS` days before.
    """
    if texts.empty:
        return pd.DataFrame(columns=list(ALERT_COLUMNS))
    days = pd.date_range(texts["known_on"].min(), texts["known_on"].max(), freq="D")
    parts = []
    for topic in (ALL_TEXTS, *sorted(set(texts["topic_id"]) - {-1})):
        chosen = texts if topic == ALL_TEXTS else texts[texts["topic_id"].eq(topic)]
        counts = chosen["known_on"].value_counts().reindex(days, fill_value=0).to_numpy(dtype=float)
        alerts = alert_days(counts, voice).assign(topic_id=topic)
        parts.append(alerts.assign(day=days[alerts["place"]]))
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    gaps = table.groupby("topic_id")["day"].diff()
    table["first"] = gaps.isna() | (gaps > pd.Timedelta(days=ALERT_GAP_DAYS))
    return table[list(ALERT_COLUMNS)].sort_values(["day", "topic_id"], ignore_index=True)


def alert_days(counts: np.ndarray, voice: VoiceParams) -> pd.DataFrame:
    """Alarming days of a daily series: place, texts, expected, limit, p (see `daily_alerts`)."""
    rows = []
    for day in range(LEAST_BASE_DAYS + ALERT_GAP_DAYS, len(counts)):
        end = day - ALERT_GAP_DAYS
        base = counts[max(0, end - voice.alert_base_days) : end]
        mean, variance = max(base.mean(), 1 / len(base)), base.var(ddof=1)
        if counts[day] < voice.min_recent_texts or counts[day] <= mean:
            continue
        law = poisson(mean)
        if variance > mean:
            size = mean**2 / (variance - mean)
            law = nbinom(size, size / (size + mean))
        limit = max(voice.min_recent_texts, int(law.isf(voice.alert_false_alarms)) + 1)
        if counts[day] >= limit:
            rows.append((day, int(counts[day]), mean, limit, float(law.sf(counts[day] - 1))))
    table = pd.DataFrame(rows, columns=["place", "texts", "expected", "limit", "p_value"])
    return table.astype({"place": "int64", "texts": "int64", "limit": "int64"})
