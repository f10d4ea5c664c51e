"""Pseudonyms of member ids by a keyed hash: the same key gives the same pseudonyms."""

import hashlib
import hmac
import logging
import os
import secrets
from itertools import pairwise
from pathlib import Path
from typing import Final

import pandas as pd

from whychurn.contract.errors import WhychurnError
from whychurn.contract.params.intake import is_address
from whychurn.contract.paths import StudyPaths
from whychurn.intake.read.dtypes import encoded_text, with_values

log = logging.getLogger(__name__)
VARIABLE: Final = "WHYCHURN_KEY"
SOURCE_KEY: Final = "whychurn.key"
STUDY_KEY: Final = ".whychurn.key"
KEY_LENGTH: Final = 16  # characters at least
KEY_VARIETY: Final = 8  # different characters at least
COMMON: Final = (
    "password", "passw0rd", "letmein", "changeme", "change me", "welcome", "administrator", "admin", "secret", "qwerty",
    "asdfgh", "zxcvbn", "iloveyou", "whychurn", "pseudonym", "123456", "abcdef", "654321", "111111", "000000", "mima", "woaini",
)  # fmt: skip


def find_key(study: StudyPaths, source: str) -> bytes | None:
    """``$WHYCHURN_KEY``, else ``whychurn.key`` in the source folder, else ``.whychurn.key`` of the study.

    Raises
    ------
    WhychurnError
        If the key can be guessed, or its file cannot be read.
    """
    given = os.environ.get(VARIABLE)
    if given:
        return _strong(given.strip(), None)
    files = [] if is_address(source) else [study.root / Path(source).expanduser() / SOURCE_KEY]
    for file in [*files, study.root / STUDY_KEY]:
        if file.is_file():
            return _strong(_content(file), file)
    return None


def weakness(key: str) -> str | None:
    """Why `key` could be found by trying, which takes an ordinary machine millions of keys a second; else None.

    At least 16 characters are asked for, 8 of them different, no run or repetition: NIST SP 800-107 asks 112
    bits of a key for HMAC, which chosen words do not reach and these rules approach.
    """
    if len(key) < KEY_LENGTH:
        return f"it is too short: {len(key)} characters, at least {KEY_LENGTH} are needed"
    if len(set(key.casefold())) < KEY_VARIETY:
        return f"it is too easy to guess: only {len(set(key.casefold()))} different characters"
    if key[1:] in (key * 2)[1:-1] and key in (key * 2)[1:-1]:
        return "it is too easy to guess: it repeats one piece"
    steps = [ord(after) - ord(before) for before, after in pairwise(key)]
    if sum(step in (-1, 0, 1) for step in steps) > len(steps) // 2:
        return "it is too easy to guess: it is a run of neighbouring characters"
    left, words = key.casefold(), [word for word in COMMON if word in key.casefold()]
    for word in words:
        left = left.replace(word, "")
    return (
        "it is too easy to guess: it is made of common words" if words and len(left) < KEY_VARIETY else None
    )


def _strong(key: str, file: Path | None) -> bytes:
    why = weakness(key)
    if why is None:
        return key.encode()
    raise WhychurnError(
        f"the key of the pseudonyms is no secret; {why}",
        file=file or f"environment variable {VARIABLE}",
        remedy='make one with `python -c "import secrets; print(secrets.token_hex(32))"`, or remove it and a key is '
        "made for the study; with another key all pseudonyms are others",
    )


def _content(file: Path) -> str:
    try:
        key = file.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError):
        raise WhychurnError("the key file cannot be read as text", file=file, remedy="restore it") from None
    if not key:
        raise WhychurnError("the key file is empty", file=file, remedy="restore it, or remove it")
    if file.name == STUDY_KEY and os.name == "posix" and file.stat().st_mode & 0o077:
        log.warning("others on this machine can read the key: %s; chmod 600 keeps it to its owner", file)
    return key


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
    different = encoded_text(ids).dictionary.to_pylist()
    return with_values(ids, {value: pseudonym(value, key) for value in different})
