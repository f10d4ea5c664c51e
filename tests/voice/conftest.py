"""Programmes whose texts are made up: tables of data/interim around given texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whychurn.contract.params import Params, load_params
from whychurn.contract.paths import StudyPaths
from whychurn.contract.tables import DTYPES, TABLES

FIRST, DAYS = pd.Timestamp("2024-01-01"), 360
# (subject, what is said of it) of topics that no two texts need share more than the subject's words
SUBJECTS_EN = {
    "parcel": ["parcel", "courier", "delivery", "arrived", "warehouse"],
    "price": ["price", "fee", "expensive", "cost", "discount"],
    "coach": ["coach", "class", "lesson", "trainer", "schedule"],
    "screen": ["app", "screen", "login", "crash", "update"],
}
SUBJECTS_ZH = {
    "快递": ["快递", "物流", "包裹", "送货", "仓库"],
    "价格": ["价格", "太贵", "涨价", "优惠", "费用"],
    "教练": ["教练", "课程", "上课", "预约", "训练"],
    "手机": ["手机", "屏幕", "登录", "闪退", "软件"],
}
FILLER_EN = [
    "really",
    "again",
    "yesterday",
    "quite",
    "often",
    "maybe",
    "indeed",
    "weekend",
    "morning",
    "friend",
]
FILLER_ZH = ["昨天", "早上", "朋友", "周末", "经常", "真的", "今年", "同事", "晚上", "附近"]


def write_texts(number: int, language: str, seed: int = 0) -> tuple[list[str], list[str]]:
    """Distinct texts of four subjects each, and the subject of each."""
    rng = np.random.default_rng(seed)
    subjects, filler, gap = (
        (SUBJECTS_EN, FILLER_EN, " ") if language == "en" else (SUBJECTS_ZH, FILLER_ZH, "，")
    )
    names = rng.choice(list(subjects), number).tolist()
    texts = [gap.join([*rng.permutation(subjects[name])[:3], *rng.permutation(filler)[:3]]) for name in names]
    return texts, names


def interim_tables(
    texts: Sequence[Any], members: int = 200, sources: str = "review"
) -> dict[str, pd.DataFrame]:
    """Tables as intake writes them, with the given texts as feedback of `members` members over a year."""
    tables = {
        name: pd.DataFrame(
            {column: pd.Series(dtype=DTYPES[field.kind]) for column, field in table.fields.items()}
        )
        for name, table in TABLES.items()
    }
    rng = np.random.default_rng(0)
    people = pd.DataFrame(
        {"member_id": [f"m{n}" for n in range(members)], "joined_on": FIRST, "profiling_consent": True}
    )
    people["region"] = rng.choice(["north", "south"], members)
    tables["members"] = people.astype(
        {"member_id": "string", "region": "string", "profiling_consent": "boolean"}
    )
    number = len(texts)
    said = tables["feedback"].reindex(range(number))
    said["feedback_id"] = [f"f{n:06d}" for n in range(number)]
    said["member_id"] = [f"m{n % members}" for n in range(number)]
    said["created_at"] = FIRST + pd.to_timedelta(np.arange(number) * DAYS // max(1, number), unit="D")
    said["source"], said["text"] = sources, pd.Series(list(texts), dtype="string")
    kinds = {column: DTYPES[field.kind] for column, field in TABLES["feedback"].fields.items()}
    tables["feedback"] = said.astype(kinds)
    return tables


@pytest.fixture(scope="session")
def params() -> Params:
    """The project's parameters, with fewer draws."""
    whole = load_params(StudyPaths.at())
    return whole.model_copy(update={"voice": whole.voice.model_copy(update={"draws": 20})})


@pytest.fixture(scope="session")
def interim() -> Callable[..., dict[str, pd.DataFrame]]:
    return interim_tables


@pytest.fixture(scope="session")
def texts_of() -> Callable[..., tuple[list[str], list[str]]]:
    return write_texts
