"""One table of everything that members wrote: feedback of all sources, and comments in surveys."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from whychurn.contract.params import Params, VoiceParams
from whychurn.voice.text.deduplicate import STATES, deduplicate

TEXT_COLUMNS: Final = (
    "feedback_id", "member_id", "known_on", "origin", "source", "text", "rating", "reason",
    "responded_at", "resolved",
)  # fmt: skip


@dataclass(frozen=True)
class Corpus:
    """Texts and their distinct normal forms.

    Parameters
    ----------
    texts
        One row a text, sorted by known_on and feedback_id: `TEXT_COLUMNS`, language, state,
        distinct_id (position in `distinct`; -1: empty).
    distinct
        One row per distinct normal form; see `distinct_id.deduplicate`.
    """

    texts: pd.DataFrame
    distinct: pd.DataFrame

    def counts(self) -> pd.DataFrame:
        """Texts by language and state: language, state, texts, distinct."""
        grouped = self.texts.groupby(["language", "state"], observed=True)
        table = grouped.agg(texts=("feedback_id", "size"), distinct=("distinct_id", "nunique")).reset_index()
        table.loc[table["state"] == "empty", "distinct"] = 0
        order = {state: place for place, state in enumerate(STATES)}
        return table.sort_values(
            ["language", "state"], key=lambda c: c.map(order).fillna(c) if c.name == "state" else c
        )


def gather_texts(feedback: pd.DataFrame, surveys: pd.DataFrame) -> pd.DataFrame:
    """Everything that members wrote, from intake's redacted tables.

    Parameters
    ----------
    feedback, surveys
        Tables of data/interim; columns of the contract, any of the optional ones empty.

    Returns
    -------
    `TEXT_COLUMNS`. A feedback without text stays, with null text. A survey counts only where it holds a
    comment; it is known on the day of the answer, and its id becomes the feedback_id. An interview counts once,
    however many coded it, and its coded reason teaches no text: members are drawn by lot to check what texts say.
    """
    written = pd.DataFrame(
        {
            "feedback_id": feedback["feedback_id"],
            "member_id": feedback["member_id"],
            "known_on": feedback["created_at"].dt.normalize(),
            "origin": "feedback",
            "source": feedback["source"].fillna("unknown") if "source" in feedback else "unknown",
            **{name: _column(feedback, name) for name in ("text", "rating", "responded_at", "resolved")},
            "reason": pd.Series(pd.NA, index=feedback.index, dtype="string"),
        }
    )
    with_comment = surveys[_column(surveys, "comment").astype("string").str.strip().fillna("").ne("")]
    with_comment = with_comment.drop_duplicates("survey_id")
    answered = pd.to_datetime(_column(with_comment, "answered_at")).fillna(with_comment["sent_at"])
    asked = pd.DataFrame(
        {
            "feedback_id": with_comment["survey_id"],
            "member_id": with_comment["member_id"],
            "known_on": answered.dt.normalize(),
            "origin": "survey",
            "source": "survey_" + with_comment["kind"].astype("string"),
            "text": with_comment["comment"],
            "rating": pd.Series(float("nan"), index=with_comment.index),
            "reason": _column(with_comment, "reason").mask(with_comment["kind"].eq("interview")),
            "responded_at": pd.Series(pd.NaT, index=with_comment.index),
            "resolved": pd.Series(pd.NA, index=with_comment.index, dtype="boolean"),
        }
    )
    kinds = {
        "feedback_id": "string", "member_id": "string", "known_on": "datetime64[ns]", "origin": "string",
        "source": "string", "text": "string", "rating": "float64", "reason": "string",
        "responded_at": "datetime64[ns]", "resolved": "boolean",
    }  # fmt: skip
    both = [part[list(TEXT_COLUMNS)].astype(kinds) for part in (written, asked)]
    return pd.concat(both, ignore_index=True).sort_values(["known_on", "feedback_id"], ignore_index=True)


def build_corpus(texts: pd.DataFrame, voice: VoiceParams) -> Corpus:
    """Deduplicate the texts of `gather_texts` and describe each."""
    distinct_id, distinct = deduplicate(texts["text"], voice.boilerplate, voice.max_characters)
    of_text = distinct[["language", "state"]].reindex(distinct_id.to_numpy()).set_index(texts.index)
    language = of_text["language"].fillna("none").astype("string")
    state = of_text["state"].fillna("empty").astype("string")
    return Corpus(texts.assign(language=language, state=state, distinct_id=distinct_id), distinct)


def fit_until(params: Params, observed_until: dt.date) -> pd.Timestamp:
    """First day of the risk model's test period: texts known from that day on are not used for fitting.

    Features of the panel come from what is said of a text, so neither the topic model nor the cause model
    may have seen the period on which the risk model is tested (`voice.fit_until: auto`).
    """
    if params.voice.fit_until != "auto":
        return pd.Timestamp(params.voice.fit_until)
    labelled = pd.Timestamp(observed_until) - pd.Timedelta(days=params.panel.horizon_days)
    return labelled.replace(day=1) - pd.DateOffset(months=params.risk.test_months - 1)


def consenting(texts: pd.DataFrame, members: pd.DataFrame) -> np.ndarray:
    """Mask of texts whose writer may be profiled."""
    agreed = members.loc[members["profiling_consent"].fillna(False).astype(bool), "member_id"]
    return texts["member_id"].isin(agreed).to_numpy()


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    return table[name] if name in table else pd.Series(pd.NA, index=table.index, dtype="object")
