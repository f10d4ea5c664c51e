"""Topics by region, spend tier, category and plan of those who wrote, as known on the day of the text."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import norm

from whychurn.contract.results import columns_of
from whychurn.contract.suppression import suppress_small_cells
from whychurn.stats.multiple_testing import benjamini_hochberg

DIMENSIONS: Final = ("region", "spend_tier", "category", "plan")
GROUP_COLUMNS: Final = columns_of("topic_groups")
YEAR: Final = pd.Timedelta(days=365)


def strata_of_texts(
    texts: pd.DataFrame, tables: Mapping[str, pd.DataFrame], tiers: Mapping[str, float]
) -> pd.DataFrame:
    """Stratum of the writer of each text, from rows known before its day.

    Parameters
    ----------
    texts
        member_id, known_on.
    tables
        members, orders, memberships of data/interim.
    tiers
        Name to least spend of the 365 days before (`retention.tiers`); below all: ``regular``.

    Returns
    -------
    Index of `texts`: `DIMENSIONS`, as objects; null where not known. Category is that of the last order.
    """
    region = tables["members"].drop_duplicates("member_id").set_index("member_id").get("region")
    orders = tables["orders"][["member_id", "ordered_at", "amount", "category"]].dropna(
        subset=["member_id", "ordered_at"]
    )
    orders = orders.assign(on=orders["ordered_at"].dt.normalize()).sort_values("on", kind="stable")
    orders["spent"] = orders.groupby("member_id")["amount"].cumsum()
    last = _latest(texts, texts["known_on"], orders[["member_id", "on", "spent", "category"]])
    year_ago = _latest(texts, texts["known_on"] - YEAR, orders[["member_id", "on", "spent"]])
    spend = last["spent"].fillna(0.0) - year_ago["spent"].fillna(0.0)
    tier = pd.Series("regular", index=texts.index, dtype=object)
    for name, floor in sorted(tiers.items(), key=lambda step: step[1]):
        tier = tier.mask(spend >= floor, name)
    terms = tables["memberships"]
    plans = pd.DataFrame(
        {"member_id": terms.get("member_id"), "on": terms.get("starts_on"), "plan": terms.get("plan")}
    )
    plans = plans.dropna(subset=["member_id", "on"]).sort_values("on", kind="stable")
    strata = pd.DataFrame(index=texts.index)
    strata["region"] = texts["member_id"].map(region) if region is not None else None
    strata["spend_tier"] = tier if len(orders) else None
    strata["category"] = last["category"]
    strata["plan"] = _latest(texts, texts["known_on"], plans)["plan"]
    return strata.astype("object")


def topics_by_group(
    texts: pd.DataFrame, strata: pd.DataFrame, min_cell: int, false_discovery: float
) -> pd.DataFrame:
    """Topic shares of the writers of a stratum, against writers of other strata.

    Each writer counts once, with the share of their texts that is about the topic, so those who write
    much weigh no more.

    Parameters
    ----------
    texts, strata
        Same index: topic_id, member_id; `DIMENSIONS`.
    min_cell
        Cells that fewer members stand behind are blank.
    false_discovery
        Benjamini-Hochberg level over all cells of a dimension.

    Returns
    -------
    `GROUP_COLUMNS`: members who spoke of the topic and writers, in the stratum; mean share of a writer's
    texts, that of the rest, their ratio; Welch's z, q, and whether the difference is notable.
    """
    parts = []
    for dimension in DIMENSIONS:
        with_topic = texts.assign(stratum=strata[dimension])[texts["topic_id"].ge(0)].dropna(
            subset=["stratum"]
        )
        if with_topic["stratum"].nunique() > 1:
            table = _cells(with_topic).assign(dimension=dimension)
            table["p_adjusted"] = np.nan
            large = table["members"].ge(min_cell)
            if large.any():
                p = 2 * norm.sf(table.loc[large, "z"].abs())
                table.loc[large, "p_adjusted"] = benjamini_hochberg(p)
            table["notable"] = table["p_adjusted"].lt(false_discovery)
            parts.append(table)
    if not parts:
        return pd.DataFrame(columns=list(GROUP_COLUMNS))
    whole = pd.concat(parts, ignore_index=True)
    shown = suppress_small_cells(
        whole, "members", ["share", "share_rest", "ratio", "z", "p_adjusted"], min_cell
    )
    return shown[list(GROUP_COLUMNS)]


def _latest(texts: pd.DataFrame, day: pd.Series, log: pd.DataFrame) -> pd.DataFrame:
    """Last row of `log` before `day`, for each text."""
    writers = pd.Index(texts["member_id"].unique())
    asked = pd.DataFrame(
        {"writer": writers.get_indexer(pd.Index(texts["member_id"])), "day": day.astype("datetime64[ns]")}
    )
    asked["place"] = np.arange(len(asked))
    dated = log.assign(
        on=log["on"].astype("datetime64[ns]"), writer=writers.get_indexer(pd.Index(log["member_id"]))
    )
    strata = pd.merge_asof(
        asked.sort_values("day", kind="stable"), dated[dated["writer"] >= 0], left_on="day", right_on="on", by="writer",
        allow_exact_matches=False,
    )  # fmt: skip
    return strata.sort_values("place").set_index(texts.index)


def _cells(with_topic: pd.DataFrame) -> pd.DataFrame:
    """Mean share of a writer's texts by stratum and topic, with Welch's z against the other strata."""
    counts = with_topic.groupby(["stratum", "member_id", "topic_id"]).size().reset_index(name="texts")
    texts_of_member = counts.groupby(["stratum", "member_id"])["texts"].transform("sum")
    counts = counts.assign(
        part=counts["texts"] / texts_of_member, square=(counts["texts"] / texts_of_member) ** 2
    )
    cells = counts.groupby(["stratum", "topic_id"]).agg(
        members=("part", "size"), part=("part", "sum"), square=("square", "sum")
    )
    every = pd.MultiIndex.from_product(
        [sorted(set(with_topic["stratum"])), sorted(set(with_topic["topic_id"]))]
    )
    table = cells.reindex(every.set_names(["stratum", "topic_id"]), fill_value=0.0).reset_index()
    writers = with_topic.groupby("stratum")["member_id"].nunique()
    table["writers"] = table["stratum"].map(writers)
    others = table.groupby("topic_id")[["part", "square"]].transform("sum") - table[["part", "square"]]
    rest = writers.sum() - table["writers"]
    table["share"], table["share_rest"] = table["part"] / table["writers"], others["part"] / rest
    error = (table["square"] / table["writers"] - table["share"] ** 2) / table["writers"]
    error = error + (others["square"] / rest - table["share_rest"] ** 2) / rest
    table["z"] = (table["share"] - table["share_rest"]) / np.sqrt(error.clip(lower=1e-12))
    table["ratio"] = (table["share"] / table["share_rest"]).where(table["share_rest"] > 0)
    return table.astype({"stratum": str, "members": "int64"})
