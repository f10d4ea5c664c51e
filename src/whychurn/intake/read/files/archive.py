"""Compressed files and archives."""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Final

from whychurn.contract.errors import WhychurnError

_UNPACK: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": gzip.decompress,
    "bzip2": bz2.decompress,
    "xz": lzma.decompress,
}


def unpack(content: bytes, kind: str, name: str) -> bytes:
    """Content of a compressed file.

    Raises
    ------
    WhychurnError
        If it is damaged.
    """
    try:
        return _UNPACK[kind](content)
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError):
        raise WhychurnError(
            "the compressed file is damaged", file=name, remedy="copy the file again"
        ) from None


def is_workbook(content: bytes, name: str) -> bool:
    """Whether a zip archive is an Excel workbook."""
    names = _open(content, name).namelist()
    return any(one.startswith(("xl/", "[Content_Types]")) for one in names)


def members(content: bytes, name: str) -> list[str]:
    """Files of a zip archive that hold something; lists and caches of other systems aside.

    Raises
    ------
    WhychurnError
        If the archive is damaged.
    """
    found = _open(content, name).infolist()
    return [
        one.filename for one in found if one.file_size and not one.is_dir() and not _is_aside(one.filename)
    ]


def member(content: bytes, name: str, wanted: str) -> bytes:
    """Content of the file `wanted` of a zip archive.

    Raises
    ------
    WhychurnError
        If the archive is damaged or protected.
    """
    try:
        return _open(content, name).read(wanted)
    except NotImplementedError:
        raise WhychurnError(
            "the archive is packed in a way that cannot be read", file=name, remedy="pack it as a plain .zip"
        ) from None
    except RuntimeError:  # what the library raises where a password is needed
        raise WhychurnError(
            "the archive is protected by a password",
            file=name,
            remedy="unpack it, or pack it without a password",
        ) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
        raise _damaged(name) from None


def _open(content: bytes, name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, OSError, EOFError, ValueError):
        raise _damaged(name) from None


def _damaged(name: str) -> WhychurnError:
    return WhychurnError(
        "not readable: the archive is damaged or incomplete",
        file=name,
        remedy="copy or download the file again",
    )


def _is_aside(path: str) -> bool:
    return any(part.startswith((".", "_", "~$")) for part in PurePosixPath(path).parts)
