"""Pseudonyms of member ids by a keyed hash: the same key gives the same pseudonyms."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from whychurn.contract.addresses import is_address
from whychurn.contract.errors import WhychurnError
from whychurn.contract.paths import StudyPaths
from whychurn.intake.read.dtypes import arrow_text

log = logging.getLogger(__name__)
VARIABLE: Final = "WHYCHURN_KEY"
SOURCE_KEY: Final = "whychurn.key"
STUDY_KEY: Final = ".whychurn.key"


def find_key(study: StudyPaths, source: str) -> bytes | None:
    """``$WHYCHURN_KEY``, else ``whychurn.key`` in the source folder, else ``.whychurn.key`` of the study."""
    given = os.environ.get(VARIABLE)
    if given:
        return given.strip().encode()
    files = [] if is_address(source) else [study.root / Path(source).expanduser() / SOURCE_KEY]
    for file in [*files, study.root / STUDY_KEY]:
        if file.is_file():
            key = file.read_text(encoding="utf-8").strip()
            if not key:
                raise WhychurnError("the key file is empty", file=file, remedy="restore it, or remove it")
            return key.encode()
    return None


def make_key(study: StudyPaths) -> bytes:
    """A new random key in the study's ``.whychurn.key``, readable only by its owner.

    Raises
    ------
    WhychurnError
        If the file cannot be written.
    """
    key = secrets.token_hex(32)
    path = study.root / STUDY_KEY
    try:
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(key + "\n")
    except OSError as error:
        raise WhychurnError(
            f"cannot write the key: {error.strerror}", file=path, remedy=f"or set {VARIABLE}"
        ) from None
    log.warning("a new key for pseudonyms was made: %s; keep it, and keep it out of git", path)
    return key.encode()


def fingerprint(key: bytes) -> str:
    """Eight hex digits that differ between keys and do not reveal the key."""
    return hashlib.sha256(b"whychurn key fingerprint:" + key).hexdigest()[:8]


def pseudonym(member_id: str, key: bytes) -> str:
    """``m`` and 16 hex digits of HMAC-SHA256 (RFC 2104) of the id."""
    return "m" + hmac.digest(key, member_id.encode(), "sha256").hex()[:16]


def pseudonyms(ids: pd.Series, key: bytes) -> pd.Series:
    """Pseudonym of each id, each distinct id hashed once; null stays null."""
    encoded = arrow_text(ids).dictionary_encode()
    hashed = pa.array([pseudonym(value, key) for value in encoded.dictionary.to_pylist()], pa.large_string())
    return pd.Series(pd.arrays.ArrowStringArray(hashed.take(encoded.indices)), index=ids.index)
