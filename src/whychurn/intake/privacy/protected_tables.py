"""Tables as they leave intake: pseudonyms for ids, redacted texts, no column that names a person."""

import re
from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from whychurn.contract.tables import FREE_TEXT, FURTHER, TABLES, schema
from whychurn.intake.privacy.personal_codes import (
    PERSONS,
    Redactions,
    looks_like_names,
    own_id_within,
    protect_codes,
    without_own_id,
)
from whychurn.intake.privacy.pseudonym import pseudonyms
from whychurn.intake.privacy.redact import redact_column
from whychurn.intake.read.coerce import coerce
from whychurn.intake.read.dtypes import TEXT, arrow_text, as_text, each_its_own, encoded_text

ADDRESS_COLUMNS: Final = ("region",)  # contract columns of members in which an address may stand
_PERSONAL: Final = re.compile(
    r"(?i)^(?:(?:full|first|last|middle|given|family|real|member|customer|client|user|contact"
    r")?[ _-]?name|surname"
    r"|nick[ _-]?name|user[ _-]?name|.*(?:phone|mobile|e-?mail|passport|id[ _-]?card|wechat|weixin"
    r"|address)(?:[ _-]?\w{1,8})?"
    r"|tel|cell|fax|ssn|qq|dob|birth[ _-]?(?:date|day)|date[ _-]of[ _-]birth|street|latitude|longitude|ip"
    r"|(?:会员|客户|用户|联系人|真实)?(?:姓名|名字|名称|昵称)|称呼|.*(?:手机|电话|邮箱|邮件|地址|住址"
    r"|身份证|证件号|护照|微信|银行卡).*|生日|出生日期)$"
)
_NOT_PERSONAL: Final = re.compile(
    r"(?i)(?:changed|count|verified|has|is|opt|bound|n)[ _-]|[ _-](?:changed|count|verified|type|consent"
    r"|model|os|domain)"
)
_DROP_SHARE: Final = 0.2  # a column with personal details in more of its cells is dropped, not redacted
_UNIQUE_SHARE: Final = 0.9  # a text that differs for nearly each member identifies it
_UNIQUE_ROWS: Final = 20
_CODE_LENGTH: Final = 20  # mean length up to which a text column holds codes
_REFERRALS: Final = 0.5  # a column with more ids of members among its values names members
_LONG_ID: Final = 3  # characters; shorter ids are met by chance
_MEASURED: Final = 0.5  # a column of numbers of which a larger share has a fraction holds no ids
_FEW_VALUES: Final = 3  # a column of so few values identifies nobody, whatever its name
_BY_CHANCE: Final = 4  # digits up to which an age or a count may equal the member's id
BLOCK_ROWS: Final = 1 << 20


def protect_table(
    table: str, frame: pd.DataFrame, key: bytes | None, redactions: Redactions
) -> Iterator[pd.DataFrame]:
    """Good rows as they are written: pseudonymous, redacted, sorted, in contract order and dtypes.

    What takes persons out is decided over all rows; then blocks of whole members, of about `BLOCK_ROWS` rows, are put
    in order one at a time.

    Parameters
    ----------
    frame
        Good rows with the company's ids; the caller keeps none.
    key
        Key of the pseudonyms; None keeps the ids.
    redactions
        Receives what was redacted or dropped.

    Yields
    ------
    block
        Rows of the next members, in the order of their ids; at least one block, which may be empty.

    Raises
    ------
    pandera.errors.SchemaErrors
        If a good row breaks the contract, which is a fault of intake.
    """
    frame = take_persons_out(table, frame, key, redactions)
    if key is not None and "member_id" in frame:
        frame["member_id"] = pseudonyms(frame["member_id"], key)
    _check_keys(table, frame)
    for rows in _blocks(frame):
        block = _in_order(table, frame.take(rows))
        schema(table, TEXT).validate(block, lazy=True)
        yield block


def _blocks(frame: pd.DataFrame) -> Iterator[np.ndarray]:
    """Row numbers of each block of members, in the order of their ids."""
    if len(frame) <= BLOCK_ROWS or "member_id" not in frame:
        yield np.arange(len(frame))
        return
    rank = _sortable(frame["member_id"]).to_numpy()
    rows = np.bincount(rank)
    block = ((np.cumsum(rows) - rows) // BLOCK_ROWS).astype("uint16")[rank]
    for number in range(int(block.max()) + 1):
        yield np.flatnonzero(block == number)


def take_persons_out(
    table: str, frame: pd.DataFrame, key: bytes | None, redactions: Redactions
) -> pd.DataFrame:
    """Good rows without what tells a person; ids of members are still the company's own.

    Parameters
    ----------
    frame, key, redactions
        As in `protect_table`.
    """
    frame = frame.copy(deep=False)
    frame.index = pd.RangeIndex(len(frame))
    for name in FREE_TEXT.get(table, ADDRESS_COLUMNS if table == "members" else ()):
        frame[name], counts = redact_column(frame[name])
        redactions.counts += counts
        if key is not None and "member_id" in frame:
            frame[name] = without_own_id(frame[name], frame["member_id"], redactions.counts)
    frame = protect_codes(table, frame, key, redactions)
    if table in FURTHER:
        frame = _drop_personal(table, frame, key, redactions)
    return frame


def _check_keys(table: str, frame: pd.DataFrame) -> None:
    spec = TABLES[table]
    if spec.second_key is not None:
        assert not frame.duplicated(spec.identity).any(), f"{table}: {', '.join(spec.identity)} repeat"
    elif spec.key is not None:
        keys = pc.count_distinct(arrow_text(frame[spec.key])).as_py()
        assert keys == len(frame), f"{table}: {spec.key} repeats"


def _in_order(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Contract order of columns and rows; texts are texts."""
    spec = TABLES[table]
    names = [*spec.fields, *(name for name in frame.columns if name not in spec.fields)]
    by = [name for name in ("member_id", spec.time, *spec.identity) if name and name in frame]
    if table == "market":
        by = ["week_start", "region", "category"]
    elif table == "events":
        by = ["member_id", "occurred_at", "event_type", "event_id"]
    columns = {f"k{number}": _sortable(frame[name]) for number, name in enumerate(dict.fromkeys(by))}
    order = pc.sort_indices(pa.table(columns), sort_keys=[(name, "ascending") for name in columns])
    rows = order.to_numpy()
    ordered = {name: each_its_own(frame[name].take(rows).reset_index(drop=True)) for name in names}
    return pd.DataFrame(ordered, copy=False)


def _sortable(column: pd.Series) -> pa.Array | pa.ChunkedArray:
    if column.dtype != TEXT and not isinstance(column.dtype, pd.CategoricalDtype):
        return pa.array(column)
    # ranks compare faster than texts
    encoded = encoded_text(column)
    rank = pc.rank(encoded.dictionary).cast(pa.int32())
    return rank.take(encoded.indices)


def _drop_personal(
    table: str, frame: pd.DataFrame, key: bytes | None, redactions: Redactions
) -> pd.DataFrame:
    frame = frame.copy(deep=False)
    for name in [column for column in frame.columns if column not in TABLES[table].fields]:
        ids, told = frame["member_id"], {"column": f"{table}.{name}"}
        if name in PERSONS:  # stands for a member, and few members are named twice
            if key is not None:
                n = int(frame[name].notna().sum())
                frame[name] = pseudonyms(frame[name].astype(TEXT), key)
                redactions.notices.append(("notice_ids_replaced", {**told, "n": n, "kinds": "ID"}))
            continue
        reason = _why_personal(str(name), frame[name], ids)
        if reason is not None:
            frame = frame.drop(columns=name)
            redactions.dropped.append(str(name))
            redactions.notices.append((f"notice_dropped_{reason}", {"table": table, "column": str(name)}))
        elif frame[name].dtype == TEXT and key is not None and _holds_members(frame[name], ids):
            n = int(frame[name].notna().sum())
            frame[name] = pseudonyms(frame[name], key)
            redactions.notices.append(("notice_ids_replaced", {**told, "n": n, "kinds": "ID"}))
        elif frame[name].dtype == TEXT:
            frame[name], counts = redact_column(frame[name], codes=_is_code(frame[name]))
            if counts:
                kinds = ", ".join(sorted(counts))
                redactions.notices.append(
                    ("notice_details_masked", {**told, "n": sum(counts.values()), "kinds": kinds})
                )
            redactions.counts += counts
            frame[name] = _as_number(frame[name])
    return frame


def _holds_members(column: pd.Series, ids: pd.Series) -> bool:
    given = column.dropna()
    long = given[given.str.len() >= _LONG_ID]
    return bool(len(long) > _REFERRALS * len(given) and long.isin(ids).mean() > _REFERRALS)


def _is_code(column: pd.Series) -> bool:
    return bool(column.notna().any() and column.str.len().mean() <= _CODE_LENGTH)


def _why_personal(name: str, column: pd.Series, ids: pd.Series) -> str | None:
    few = column.nunique() <= _FEW_VALUES and len(column) >= _UNIQUE_ROWS  # PhoneService: yes, no
    if _PERSONAL.match(name.strip()) and not _NOT_PERSONAL.search(name) and not few:
        return "header"
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return None
    text = as_text(column).dropna()
    if text.empty:
        return None
    clean, _ = redact_column(text, codes=_is_code(text))
    if (clean != text).sum() > _DROP_SHARE * len(text):
        return "content"
    if looks_like_names(text):
        return "content"
    numeric = (
        pd.api.types.is_numeric_dtype(column.dtype) or not coerce(text.drop_duplicates(), "number").bad.any()
    )
    if pd.api.types.is_float_dtype(column.dtype) and (column.dropna() % 1 != 0).mean() > _MEASURED:
        return None  # measures, whose digits meet an id by chance
    own = own_id_within(text, ids.loc[text.index])
    by_chance = numeric and text.str.len().to_numpy()[own].max(initial=0) <= _BY_CHANCE
    if own.mean() > (_DROP_SHARE if by_chance else 0):
        return "id"
    if not numeric and len(text) >= _UNIQUE_ROWS and text.nunique() > _UNIQUE_SHARE * len(text):
        return "unique"
    return None


def _as_number(column: pd.Series) -> pd.Series:
    # a further column of numbers read from CSV; codes with leading zeros stay text
    values = column.dropna()
    if values.empty or values.str.match(r"^0\d").any():
        return column
    numbers = pd.to_numeric(column.astype(object), errors="coerce")
    return numbers.astype("float64") if (numbers.isna() == column.isna()).all() else column
