"""Text cells without the marks that spreadsheets and copying leave on them."""

from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from whychurn.intake.read.dtypes import TEXT

EMPTY_TEXT: Final = ("", "NULL", "null", "\\N", "NaN", "nan", "<NA>", "#N/A")  # "None" may be a code
UNSEEN: Final = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]"  # of no width
WIDE: Final = "[\uff01-\uff5e\u3000]"
_NARROW: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_HYPHENS: Final = "[\u2010-\u2015\u2212]"
_SPACE: Final = [*range(9, 14), 28, 29, 30, 31, 32]
_BLOCK: Final = 1 << 24


def bytes_present(text: pd.Series) -> np.ndarray:
    """Which bytes stand in the UTF-8 of a text column; (256,) bool. One pass, to leave out what needs none."""
    present = np.zeros(256, dtype=bool)
    held: Any = pa.array(text.astype(TEXT))
    for piece in held.chunks if isinstance(held, pa.ChunkedArray) else [held]:
        data = piece.buffers()[2]
        content = np.frombuffer(data, dtype="uint8") if data is not None else np.zeros(0, dtype="uint8")
        for start in range(0, len(content), _BLOCK):
            present[content[start : start + _BLOCK]] = True
    return present


def plain_cells(text: pd.Series) -> pd.Series:
    """Trimmed text without characters of no width, and out of ``="0012"``, ``"0012"`` and ``'0012``."""
    present = bytes_present(text)
    beyond_ascii = present[0xC2:].any()
    if present[0xC2] or present[0xE2] or present[0xEF]:
        text = text.str.replace(UNSEEN, "", regex=True)
    if beyond_ascii or present[_SPACE].any():
        text = text.str.strip()
    if present[ord('"')]:
        text = text.str.replace(r'^=?"\s*(.*?)\s*"$', r"\1", regex=True)
    if present[ord("=")]:
        text = text.str.replace(r"^=(\d+)$", r"\1", regex=True)
    if present[ord("'")]:
        text = text.str.replace(r"^'([\d=+-])", r"\1", regex=True)
    return text


def narrow(text: pd.Series) -> pd.Series:
    """Full-width letters, digits and signs as plain ones, hyphens of all kinds as one."""
    if not bytes_present(text)[0xC2:].any():
        return text
    wide = text.str.contains(WIDE).to_numpy(dtype=bool, na_value=False)
    if wide.any():
        plain = text[wide].astype(object).map(lambda cell: cell.translate(_NARROW).strip())
        text = text.astype(object)
        text[wide] = plain
        text = text.astype(TEXT)
    return text.str.replace(_HYPHENS, "-", regex=True)


def without_empty(text: pd.Series) -> pd.Series:
    """Cells that stand for nothing given become null."""
    return text.mask(text.isin(EMPTY_TEXT))
