"""Digest of code: what a stage's results and the blocks of a killed run were made by."""

import hashlib
from pathlib import Path
from typing import Final

_CODE: Final = {".py", ".yaml", ".csv", ".sql", ".html", ".css", ".js", ".j2"}


def code_digest(place: Path) -> str:
    """SHA-256 over names and bytes of the source files at `place` (a file or a folder)."""
    files = (
        [place]
        if place.is_file()
        else sorted(p for p in place.rglob("*") if p.suffix in _CODE and "scratch" not in p.parts)
    )
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(place.parent).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
