"""Sentences and tables of the topics."""

from __future__ import annotations

from typing import Final

import pandas as pd

from whychurn.contract.codes import ALL_TEXTS
from whychurn.labels import join
from whychurn.report.page.page_like import PageLike

FORMATS: Final = {
    **dict.fromkeys(("size", "size_zh", "size_en", "recent", "texts", "members"), "int"),
    **dict.fromkeys(("share", "share_rest", "recent_share", "before_share", "outliers"), "percent"),
    **dict.fromkeys(("sentiment", "ratio", "z", "expected"), "number"),
    **dict.fromkeys(("day", "known_on"), "date"),
    **dict.fromkeys(("text", "words"), "quote"),
}
WORDS: Final = 4
MOST_CHARACTERS: Final = 140
NAMED: Final = 3  # topics in a sentence
CHANGES: Final = 4
SHOWN_CHANGES: Final = 6  # panels of the figure


def topic_lines(topics: pd.DataFrame, page: PageLike) -> list[str]:
    """What members speak of most, and what topics cannot say."""
    if topics.empty:
        return [page.say("voice.topic_none")]
    largest = topics[~topics["suppressed"]].sort_values("share", ascending=False).head(NAMED)
    names = [
        page.say(
            "voice.topic_part",
            topic=_inner(row[f"label_{page.lang}"]),
            share=page.format(row["share"], "percent"),
        )
        for row in largest.to_dict("records")
    ]
    total = page.format(topics["size"].sum(), "int")
    return [
        page.say("voice.topic_largest", topics=len(topics), texts=total, names=join(names, page.lang, "；"))
    ]


def topic_list(topics: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Table ``topics`` in words, largest first."""
    shown = topics.sort_values("share", ascending=False).reset_index(drop=True)
    return pd.DataFrame(
        {
            "topic": shown[f"label_{page.lang}"],
            "cause": [
                page.say("voice.topic_cause_none") if c == "none" else page.say(f"causes.{c}")
                for c in shown["cause"]
            ],
            "size": shown["size"],
            "share": shown["share"],
            "sentiment": shown["sentiment"],
            "words": shown["words_zh"]
            .map(_first_words)
            .str.cat(shown["words_en"].map(_first_words), " · ")
            .str.strip(" ·"),
            "suppressed": shown["suppressed"],
        }
    )


def tree_list(tree: pd.DataFrame, topics: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Groups of topics, largest first, with the topics inside."""
    shown = (
        tree.dropna(subset=["topic_id", "group_id"])
        .astype({"topic_id": "int64"})
        .merge(topics, on="topic_id")
    )
    shown = shown[~shown["suppressed"].astype(bool)].sort_values("share", ascending=False)
    rows = [
        {
            "group": part[f"group_{page.lang}"].iloc[0],
            "size": part["size"].sum(),
            "share": part["share"].sum(),
            "inside": join(part[f"label_{page.lang}"], page.lang, "；"),
        }
        for _, part in shown.groupby("group_id", sort=False)
    ]
    table = pd.DataFrame(rows, columns=["group", "size", "share", "inside"])
    return table.sort_values("share", ascending=False, ignore_index=True)


def verbatim_list(verbatims: pd.DataFrame, topics: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Texts that show each topic, the most typical of each first."""
    if verbatims.empty:
        return pd.DataFrame(columns=["topic", "text", "known_on", "feedback_id"])
    order = topics.set_index("topic_id")
    rows = verbatims.assign(
        share=verbatims["topic_id"].map(order["share"]),
        topic=verbatims["topic_id"].map(order[f"label_{page.lang}"]),
        other=verbatims["language"].ne(page.lang),
        text=verbatims["text"].map(_shorten),
    )
    rows = rows.sort_values(["rank", "share", "topic_id", "other"], ascending=[True, False, True, True])
    return rows[["topic", "text", "known_on", "feedback_id"]].reset_index(drop=True)


def change_lines(changes: pd.DataFrame, topics: pd.DataFrame, page: PageLike) -> list[str]:
    """The clearest changes of a topic's share."""
    if changes.empty:
        return [page.say("voice.topic_no_changes")]
    names = topics.set_index("topic_id")[f"label_{page.lang}"]
    lines = []
    for row in (
        changes.sort_values("log_likelihood_gain", ascending=False)
        .head(CHANGES)
        .sort_values("week")
        .to_dict("records")
    ):
        values = {name: page.format(row[f"share_{name}"], "percent") for name in ("before", "after")}
        key = "topic_rose" if row["ratio"] > 1 else "topic_fell"
        lines.append(
            page.say(
                f"voice.{key}",
                topic=_inner(names[row["topic_id"]]),
                week=page.format(row["week"], "date"),
                **values,
            )
        )
    return lines


def rising_lines(rising: pd.DataFrame, topics: pd.DataFrame, weeks: int, page: PageLike) -> list[str]:
    """Topics and words on the rise in the last weeks."""
    names = topics.set_index("topic_id")[f"label_{page.lang}"]
    now = rising[rising["rising"].astype(bool)]
    ids = now.loc[now["kind"] == "topic", "name"].astype(int)
    words = [str(word).replace("not_", "not ") for word in now.loc[now["kind"] == "word", "name"]]
    if ids.empty and not words:
        return [page.say("voice.topic_nothing_rises", weeks=weeks)]
    lines = []
    if len(ids):
        lines.append(
            page.say("voice.topic_rising", weeks=weeks, topics=_quote([str(names[i]) for i in ids], page))
        )
    if words:
        lines.append(
            page.say("voice.topic_rising_words", weeks=weeks, words=_quote(words[: 3 * WORDS], page))
        )
    return lines


def alert_list(alerts: pd.DataFrame, topics: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Days on which more was said than the weeks before let expect, latest first."""
    names = topics.set_index("topic_id")[f"label_{page.lang}"].to_dict()
    names[ALL_TEXTS] = page.say("voice.topic_all_texts")
    shown = alerts.sort_values(["day", "topic_id"], ascending=[False, True]).reset_index(drop=True)
    return shown.assign(topic=shown["topic_id"].map(names))[["day", "topic", "texts", "expected"]]


def group_list(groups: pd.DataFrame, topics: pd.DataFrame, page: PageLike) -> pd.DataFrame:
    """Strata whose writers speak of a topic notably more or less than others, furthest apart first."""
    names = topics.set_index("topic_id")[f"label_{page.lang}"]
    shown = groups[groups["notable"].eq(True)].assign(far=lambda t: t["z"].abs())
    shown = shown.sort_values(["far", "topic_id"], ascending=[False, True])
    what = [page.say(f"voice.topic_by_{dimension}") for dimension in shown["dimension"]]
    table = pd.DataFrame({"dimension": what, "stratum": shown["stratum"].tolist()})
    table["topic"] = shown["topic_id"].map(names).tolist()
    for name in ("share", "share_rest", "ratio"):
        table[name] = shown[name].to_numpy()
    return table


def changed_topics(changes: pd.DataFrame, topics: pd.DataFrame) -> list[int]:
    """Topics for the figure over time: those that changed most, else the largest."""
    clear = (
        changes.groupby("topic_id")["log_likelihood_gain"].max().sort_values(ascending=False).index.tolist()
        if len(changes)
        else []
    )
    rest = topics[~topics["suppressed"]].sort_values("share", ascending=False)["topic_id"]
    return [int(topic) for topic in [*clear, *(t for t in rest if t not in clear)][:SHOWN_CHANGES]]


def _first_words(words: str) -> str:
    return ", ".join(words.split(", ")[:WORDS])


def _shorten(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"


def _quote(names: list[str], page: PageLike) -> str:
    """Names in quotation marks: members' own words may be of the other language."""
    return page.say("voice.topic_between").join(
        page.say("voice.topic_quoted", word=_inner(name)) for name in names
    )


def _inner(name: str) -> str:
    """A name that itself quotes words, its marks made single as it stands in quotation marks."""
    return name.translate(str.maketrans("“”", "‘’"))
