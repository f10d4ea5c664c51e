"""Columns of codes and of ids that hold persons after all: a telephone number as channel, a member in an order's id."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from whychurn.contract.tables import FREE_TEXT, TABLES
from whychurn.intake.privacy.names import whole_name
from whychurn.intake.privacy.pseudonym import pseudonyms
from whychurn.intake.privacy.redact import redact_column
from whychurn.intake.read.dtypes import TEXT, arrow_text, each_its_own, encoded_text

_KIND: Final = re.compile(r"\[([A-Z]+)\]")
_SURE: Final = ("PHONE", "EMAIL", "IDNO", "ACCOUNT")  # one such value is enough
# names, addresses and cards only where this share of rows holds them: brands look alike
_BY_SHARE: Final = 0.2
PERSONS: Final = ("referred_by", "coder")  # columns that stand for a person, whatever they hold
_NAMES: Final = 0.5  # share of different values that are names of persons and nothing else
_NAMES_FROM: Final = 3  # different values from which on a column may be one of names
_FEW: Final = 20  # columns of fewer different values cannot hold an id of each member
_WHOLE: Final = 0.01  # from this share of cells on, all cells of an id column are replaced
_PIECE: Final = 1 << 21  # rows that are searched at a time
_LONG: Final = 5  # an id of as many characters does not stand in another by chance
# RE2: an id that is, or holds, a telephone number of China, a mail address, an identity number
_DETAIL_IN_ID: Final = (
    r"(?:^|[^0-9])(?:\+?86-?)?1[3-9][0-9]{9}(?:$|[^0-9])|[A-Za-z0-9]@[A-Za-z0-9-]+\.[A-Za-z]"
    r"|(?:^|[^0-9])[1-8][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx](?:$|[^0-9A-Za-z])"
)


@dataclass
class Redactions:
    """What was taken out, for ``intake.json``."""

    counts: Counter[str] = field(default_factory=Counter)
    dropped: list[str] = field(default_factory=list)
    notices: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def protect_codes(table: str, frame: pd.DataFrame, key: bytes | None, redactions: Redactions) -> pd.DataFrame:
    """`frame` whose codes and ids tell nobody's number, address, name or id; ids of members are left as they are.

    Cells of optional columns are emptied; ids and required codes become pseudonyms, the same for the same
    value, so that tables stay linked.

    Parameters
    ----------
    frame
        Good rows of `table` with the company's ids.
    key
        Key of the pseudonyms; None where ids are pseudonyms already.
    redactions
        Receives what was taken out.
    """
    frame = frame.copy(deep=False)
    members = frame.get("member_id")
    for name, spec in TABLES[table].fields.items():
        if spec.kind != "text" or name == "member_id" or name in FREE_TEXT.get(table, ()) or spec.choices:
            continue
        column = frame[name]
        if name in PERSONS and key:
            frame[name] = pseudonyms(column, key)
            continue
        if name == TABLES[table].key or name.endswith("_id"):
            hit, kinds = _ids_with_persons(column, members if key else None), "ID"
        else:
            hit, kinds = _codes_with_persons(column, members if key else None)
        if not hit.any():
            continue
        values = {"column": f"{table}.{name}", "n": int(hit.sum()), "kinds": kinds}
        if spec.required or name.endswith("_id") or name in PERSONS:
            column = each_its_own(column)
            all_of_them = hit if hit.mean() < _WHOLE else column.notna().to_numpy(dtype=bool)
            frame[name] = column.mask(all_of_them, _replaced(column, key))
            redactions.notices.append(("notice_ids_replaced", values))
        else:
            frame[name] = column.mask(hit)
            redactions.notices.append(("notice_details_emptied", values))
        redactions.counts[kinds.split(", ")[0]] += int(hit.sum())
    return frame


def without_persons(values: dict[str, Any]) -> dict[str, Any]:
    """Values of a notice whose examples tell nobody's number, address or name."""
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    if not texts:
        return values
    clean, _ = redact_column(pd.Series(list(texts.values()), dtype=TEXT), codes=True)
    return {**values, **dict(zip(texts, clean.tolist(), strict=True))}


def own_id_within(values: pd.Series, members: pd.Series) -> np.ndarray:
    """Rows whose text holds the id of the row's member: ids of five characters anywhere, shorter ones set apart.

    Letters' case, separators and leading zeros do not matter.
    """
    found = np.zeros(len(values), dtype=bool)
    starts = range(0, len(values), _PIECE)
    pieces = [
        start + _sharing_an_end(values.iloc[start : start + _PIECE], members.iloc[start : start + _PIECE])
        for start in starts
    ]
    rows = np.concatenate([np.zeros(0, dtype="int64"), *pieces])
    texts, ids = _bare(values.iloc[rows]), _bare(members.iloc[rows])
    for row, text, own in zip(rows.tolist(), texts, ids, strict=True):
        if not text or not own:
            continue
        core = own.lstrip("0") if len(own.lstrip("0")) >= _LONG else own
        if text == own:
            found[row] = True
        elif len(core) >= _LONG:
            found[row] = core.replace(" ", "") in text.replace(" ", "")
        elif len(own) > 1:
            found[row] = f" {own} " in f" {text} "
    return found


def without_own_id(texts: pd.Series, members: pd.Series, counts: Counter[str]) -> pd.Series:
    """Free texts without the id of the row's member; `counts` receives how many were taken out."""
    found = own_id_within(texts, members) & (members.str.len() >= _LONG).to_numpy(dtype=bool, na_value=False)
    if not found.any():
        return texts
    clean = texts.astype(object)
    clean[found] = [
        re.sub(re.escape(own), "[IDNO]", text, flags=re.IGNORECASE)
        for text, own in zip(texts[found], members[found], strict=True)
    ]
    counts["IDNO"] += int(found.sum())
    return clean.astype(TEXT)


def looks_like_names(texts: pd.Series) -> bool:
    """Whether most different values of a column are names of persons and nothing else."""
    values = texts.dropna().drop_duplicates()
    return len(values) >= _NAMES_FROM and bool(_are_names(values).mean() >= _NAMES)


def _are_names(values: pd.Series) -> np.ndarray:
    hits = pc.match_substring_regex(arrow_text(values), whole_name())
    named: np.ndarray = hits.fill_null(False).to_numpy(zero_copy_only=False).astype(bool)
    return named


def _sharing_an_end(values: pd.Series, members: pd.Series) -> np.ndarray:
    """Rows whose text holds the last four characters of the member's id: few, and quickly found."""
    table = pa.table({"row": np.arange(len(values)), "text": arrow_text(values), "own": arrow_text(members)})
    with duckdb.connect() as connection:
        connection.register("cells", table)
        shared = connection.execute(
            "SELECT row FROM cells WHERE contains(lower(text), lower(right(own, 4))) "
            "OR (text IS NOT NULL AND NOT regexp_full_match(right(own, 4), '[A-Za-z0-9]*'))"
        )
        return np.sort(shared.fetchnumpy()["row"])


def _bare(column: pd.Series) -> list[str | None]:
    narrow = pc.utf8_lower(pc.replace_substring_regex(arrow_text(column), r"[^\p{L}\p{N}]+", " "))
    texts: list[str | None] = narrow.to_pylist()
    return texts


def _ids_with_persons(column: pd.Series, members: pd.Series | None) -> np.ndarray:
    ids = encoded_text(column)
    detail = pc.match_substring_regex(ids.dictionary, _DETAIL_IN_ID).take(ids.indices).fill_null(False)
    hit: np.ndarray = detail.to_numpy(zero_copy_only=False).astype(bool)
    return hit | own_id_within(column, members) if members is not None else hit


def _codes_with_persons(column: pd.Series, members: pd.Series | None) -> tuple[np.ndarray, str]:
    position, unique = pd.factorize(column)
    if not len(unique):
        return np.zeros(len(column), dtype=bool), ""
    values = pd.Series(unique, dtype=TEXT)
    clean, _ = redact_column(values, codes=True)
    kinds = [
        Counter(_KIND.findall(new)) - Counter(_KIND.findall(old))
        for new, old in zip(clean, values, strict=True)
    ]
    rows = np.bincount(position[position >= 0], minlength=len(unique))
    shares = Counter[str]()
    for found, number in zip(kinds, rows, strict=True):
        shares.update(dict.fromkeys(found, int(number)))
    told = {kind for kind, number in shares.items() if kind in _SURE or number >= _BY_SHARE * rows.sum()}
    hit = np.array([bool(told & set(found)) for found in kinds])
    if looks_like_names(values):
        hit, told = hit | _are_names(values), told | {"NAME"}
    cells = np.append(hit, False)[position]
    if members is not None and len(unique) >= _FEW:
        own = own_id_within(column, members)
        cells, told = cells | own, told | ({"ID"} if own.any() else set())
    return cells, ", ".join(sorted(told))


def _replaced(column: pd.Series, key: bytes | None) -> pd.Series:
    return pseudonyms(column, key) if key else redact_column(column, codes=True)[0]
