"""The same tables in the files in which they come, and files that are spoilt."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd

from inputs.base_study import Tables
from inputs.variation import Variation, write_csv

TABLES = ("members", "orders", "events")


def text(frame: pd.DataFrame, **how: object) -> str:
    """`frame` as the text of a CSV."""
    return frame.to_csv(index=False, **how)  # type: ignore[call-overload, no-any-return]


def _bytes(
    encode: Callable[[pd.DataFrame], bytes], ending: str = "csv"
) -> Callable[[pd.DataFrame, Path, str], None]:
    def write(frame: pd.DataFrame, folder: Path, name: str) -> None:
        (folder / f"{name}.{ending}").write_bytes(encode(frame))

    return write


def _zipped(frame: pd.DataFrame, folder: Path, name: str) -> None:
    with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
        archive.writestr(f"{name}.csv", text(frame))


def _parts(frame: pd.DataFrame, folder: Path, name: str) -> None:
    (folder / name).mkdir()
    half = len(frame) // 2
    for number, part in enumerate((frame.iloc[:half], frame.iloc[half:])):
        part.to_parquet(folder / name / f"part-{number:05d}.parquet", index=False)
    (folder / name / "_SUCCESS").touch()


def _months(frame: pd.DataFrame, folder: Path, name: str) -> None:
    half = len(frame) // 2
    for number, part in enumerate((frame.iloc[:half], frame.iloc[half:]), 1):
        part.to_csv(folder / f"{name}_2024-{number:02d}.csv", index=False)


def _excel(frame: pd.DataFrame, folder: Path, name: str, above: int = 0) -> None:
    with pd.ExcelWriter(folder / f"{name}.xlsx") as book:
        frame.to_excel(book, index=False, startrow=above)
        if above:
            book.sheets["Sheet1"]["A1"] = "Report of all shops"


SAME: dict[str, Callable[[pd.DataFrame, Path, str], None]] = {
    "semicolons": _bytes(lambda f: text(f, sep=";").encode()),
    "tabs": _bytes(lambda f: text(f, sep="\t").encode(), "tsv"),
    "bars": _bytes(lambda f: text(f, sep="|").encode()),
    "all quoted": _bytes(lambda f: text(f, quoting=1).encode()),
    "CR LF": _bytes(lambda f: text(f, lineterminator="\r\n").encode()),
    "CR alone": _bytes(lambda f: text(f, lineterminator="\r").encode()),
    "UTF-8 with BOM": _bytes(lambda f: text(f).encode("utf-8-sig")),
    "UTF-16": _bytes(lambda f: text(f).encode("utf-16")),
    "GB18030": _bytes(lambda f: text(f).encode("gb18030")),
    "gzip": _bytes(lambda f: gzip.compress(text(f).encode()), "csv.gz"),
    "zip": _zipped,
    "Parquet": lambda f, folder, name: f.to_parquet(folder / f"{name}.parquet", index=False),
    "Parquet in parts": _parts,
    "a file a month": _months,
    "JSON lines": _bytes(lambda f: f.to_json(orient="records", lines=True, force_ascii=False).encode(), "jsonl"),
    "JSON array": _bytes(lambda f: f.to_json(orient="records", force_ascii=False).encode(), "json"),
    "workbook": _excel,
    "workbook, title above": lambda f, folder, name: _excel(f, folder, name, 2),
    "lines above the header": _bytes(lambda f: ("Report\nmade by the till\n\n" + text(f)).encode()),
    "sep= line": _bytes(lambda f: ("sep=;\n" + text(f, sep=";")).encode()),
    "empty lines between": _bytes(lambda f: text(f).replace("\n", "\n\n").encode()),
    "empty lines at the end": _bytes(lambda f: (text(f) + "\n\n\n").encode()),
    "no line end at the end": _bytes(lambda f: text(f).rstrip("\n").encode()),
    "header in capitals": _bytes(lambda f: text(f.rename(columns=str.upper)).encode()),
    "header with spaces": _bytes(lambda f: text(f.rename(columns=lambda c: f" {c.replace('_', ' ')} ")).encode()),
    "header again in the middle": _bytes(
        lambda f: (text(f.iloc[:20]) + text(f.iloc[20:])).encode()
    ),
}  # fmt: skip
SPOILT: dict[str, Callable[[pd.DataFrame, Path, str], None]] = {
    "a stray quote": _bytes(lambda f: _stray(text(f)).encode()),
    "lines with a field too many": _bytes(lambda f: text(f).replace("\n", ",x\n", 5).replace(",x\n", "\n", 1).encode()),
    "cut off in the middle": _bytes(lambda f: text(f).encode()[: len(text(f)) // 2]),
    "empty file": _bytes(lambda _: b""),
    "header alone": _bytes(lambda f: text(f.iloc[:0]).encode()),
    "a web page": _bytes(lambda _: b"<html><body><table><tr><td>1</td></tr></table></body></html>"),
    "a web page as xlsx": _bytes(lambda _: b"<html><body><table><tr><td>1</td></tr></table></body></html>", "xlsx"),
    "a workbook cut off": _bytes(lambda f: _book(f)[: len(_book(f)) // 2], "xlsx"),
    "a gzip cut off": _bytes(lambda f: gzip.compress(text(f).encode())[:-200], "csv.gz"),
    "Parquet cut off": _bytes(lambda f: f.to_parquet(index=False)[:-200], "parquet"),
    "random bytes": _bytes(lambda _: bytes(range(256)) * 20),
    "each row twice": _bytes(lambda f: text(pd.concat([f, f])).encode()),
    "half of the rows twice, no key": _bytes(lambda f: text(_again(f)).encode()),
}  # fmt: skip


def _stray(content: str) -> str:
    lines = content.split("\n")
    for number in (10, 40):
        first, _, rest = lines[number].partition(",")
        lines[number] = f'{first},"{rest}' if number == 10 else f'{first}",{rest}'
    return "\n".join(lines)


def _book(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_excel(buffer, index=False)
    return buffer.getvalue()


def _again(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.drop(columns=[c for c in ("order_id", "event_id") if c in frame])
    return pd.concat([frame, frame.iloc[::2]])


def shape_variations() -> Iterator[Variation]:
    """Each way of writing a file, for three tables."""
    for name, write in SAME.items():
        for table in TABLES:
            yield Variation("files", f"{table}: {name}", "same", write=_one(table, write))
    for name, write in SPOILT.items():
        for table in TABLES:
            yield Variation("spoilt files", f"{table}: {name}", "unknowable", write=_one(table, write))


def _one(table: str, write: Callable[[pd.DataFrame, Path, str], None]) -> Callable[[Tables, Path], None]:
    def write_all(tables: Tables, folder: Path) -> None:
        write_csv({name: frame for name, frame in tables.items() if name != table}, folder)
        write(tables[table], folder, table)

    return write_all
