"""What a file is, by its first bytes and not by its name; what cannot be read is refused with a remedy."""

import re
from typing import Final

from whychurn.contract.errors import WhychurnError

TABLES: Final = (
    ".parquet", ".pq", ".csv", ".tsv", ".tab", ".psv", ".txt", ".xlsx", ".xlsm", ".json", ".jsonl", ".ndjson",
)  # fmt: skip
PACKED: Final = (".gz", ".zip", ".bz2", ".xz")
UNREAD: Final = {  # endings of tables that are not read -> what to do
    ".xls": "open it in a spreadsheet program and save it as .xlsx or CSV",
    ".xlsb": "open it in a spreadsheet program and save it as .xlsx or CSV",
    ".ods": "open it in a spreadsheet program and save it as .xlsx or CSV",
    ".numbers": "export it as .xlsx or CSV",
    ".html": "open it in a spreadsheet program and save it as .xlsx or CSV",
    ".htm": "open it in a spreadsheet program and save it as .xlsx or CSV",
    ".xml": "export it as CSV, JSON or Parquet",
    ".7z": "unpack it, or pack it as .zip",
    ".rar": "unpack it, or pack it as .zip",
    ".tar": "unpack it into a folder of that name",
    ".tgz": "unpack it into a folder of that name",
    ".zst": "unpack it, or pack it as .gz",
    ".db": "name it as a database: intake.source: sqlite:///raw/{name}",
    ".sqlite": "name it as a database: intake.source: sqlite:///raw/{name}",
    ".sqlite3": "name it as a database: intake.source: sqlite:///raw/{name}",
    ".duckdb": "name it as a database: intake.source: duckdb:///raw/{name}",
    ".accdb": "export its tables as CSV",
    ".mdb": "export its tables as CSV",
    ".sav": "export it as CSV",
    ".dta": "export it as CSV",
    ".sas7bdat": "export it as CSV",
    ".rds": "export it as CSV or Parquet",
    ".pkl": "write it as Parquet",
    ".feather": "write it as Parquet",
    ".arrow": "write it as Parquet",
    ".avro": "write it as Parquet or JSON lines",
    ".orc": "write it as Parquet",
    ".pdf": "export the table as CSV or Excel",
}
_MAGIC: Final = (
    (b"PAR1", "parquet"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".xls"),
    (b"SQLite format 3\x00", ".sqlite"),
    (b"Rar!", ".rar"),
    (b"7z\xbc\xaf\x27\x1c", ".7z"),
    (b"\x28\xb5\x2f\xfd", ".zst"),
    (b"%PDF", ".pdf"),
    (b"ARROW1", ".feather"),
    (b"Obj\x01", ".avro"),
    (b"ORC", ".orc"),
)
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")  # stream of a workbook with a password
_WEB: Final = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table|meta|div)\b", re.I | re.S
)
_MARKUP: Final = re.compile(rb"\s*<\?xml\b|\s*<[A-Za-z][\w:]*[\s>]")


def stem(name: str) -> str:
    """`name` without the endings of tables, archives and what is known but not read."""
    short = name
    while True:
        ending = next((one for one in (*TABLES, *PACKED, *UNREAD) if short.casefold().endswith(one)), "")
        if not ending or len(ending) == len(short):
            return short
        short = short[: -len(ending)]


def is_table(name: str) -> bool:
    """Whether files with the ending of `name` are read."""
    return name.casefold().endswith((*TABLES, *PACKED))


def kind_of(content: bytes) -> str:
    """parquet, zip, gzip, bzip2, xz, web page, markup, json, text; or an ending of `UNREAD`."""
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    if content[257:262] == b"ustar":
        return ".tar"
    if content[8:12] == b"DUCK":
        return ".duckdb"
    head = content[:2048].lstrip(b"\xef\xbb\xbf")
    if _WEB.match(head):
        return "web page"
    if _MARKUP.match(head):
        return "markup"
    if re.match(rb"\s*(?:\{\s*[\"}]|\[\s*(?:\{|\]))", head):
        return "json"
    return "text"


def refuse(kind: str, name: str, content: bytes) -> WhychurnError:
    """Why a file of `kind` is not read, and what to do."""
    if kind == ".xls" and _ENCRYPTED in content:
        return WhychurnError(
            "not readable: the workbook is protected by a password",
            file=name,
            remedy="open it in Excel, remove the password (File, Info, Protect Workbook) and save it as .xlsx",
        )
    if kind == "web page":
        return WhychurnError(
            "not a table but a web page (HTML), whatever its ending says",
            file=name,
            remedy="open it in a spreadsheet program and save it as .xlsx or CSV",
        )
    if kind == "markup":
        what = "an XML file" if b"<?xml" in content[:200] else "markup"
        return WhychurnError(
            f"not a table but {what}", file=name, remedy="save or export it as .xlsx, CSV or JSON"
        )
    what = "the old Excel format" if kind == ".xls" else f"a file of the kind {kind}"
    return WhychurnError(f"not readable as a table: {what}", file=name, remedy=UNREAD[kind].format(name=name))
