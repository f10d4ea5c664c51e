"""Addresses of databases: passwords come from the environment and are never written down."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from whychurn.contract.errors import WhychurnError

HIDDEN: Final = "***"
_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
_PASSWORD: Final = re.compile(r"(://[^/?#:@\s]*:)[^\s'\"]*(?=@)")
_SECRET: Final = re.compile(
    r"([?&;][^=&;\s]*(?:pass|pwd|token|secret|key|credential|signature|odbc_connect)[^=&;\s]*=)[^&;\s'\"]*",
    re.IGNORECASE,
)
_PLAIN: Final = ":/.-_~,"  # signs of hosts and paths, which a variable may hold as well


def masked(text: str) -> str:
    """`text` with the passwords and tokens of any address in it replaced by ``***``.

    A reference to the environment (``${NAME}``) is no secret and stays.
    """

    def hide(found: re.Match[str]) -> str:
        secret = found[0][len(found[1]) :]
        return found[0] if _VARIABLE.fullmatch(secret) else found[1] + HIDDEN

    return _SECRET.sub(hide, _PASSWORD.sub(hide, text))


def expanded(address: str, environment: Mapping[str, str] | None = None) -> str:
    """`address` with each ``${NAME}`` replaced by that variable of the environment.

    Parameters
    ----------
    environment
        The process's own by default.

    Returns
    -------
    str
        A variable that stands for a part is percent-encoded, so that a password may hold any sign; one that
        stands for the whole address is taken as it is.

    Raises
    ------
    WhychurnError
        If a variable is not set.
    """
    values = os.environ if environment is None else environment
    whole = _VARIABLE.fullmatch(address)

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if not values.get(name):
            raise WhychurnError(
                f"intake.source names the environment variable {name}, which is not set",
                remedy=f"set it before the run: export {name}=…",
            )
        return values[name] if whole else quote(values[name], safe=_PLAIN)

    return _VARIABLE.sub(value, address)


def is_address(source: str) -> bool:
    """Whether `source` names a database, not a folder."""
    return "://" in source or _VARIABLE.fullmatch(source) is not None
