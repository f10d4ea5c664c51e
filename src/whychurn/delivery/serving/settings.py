"""What a server is started with, handed on in its environment: workers are spawned and know nothing else."""

from __future__ import annotations

import hmac
import ipaddress
import json
import os
import ssl
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from whychurn.contract.errors import WhychurnError

SETTINGS: Final = "WHYCHURN_SERVE"
TOKEN: Final = "WHYCHURN_SERVE_TOKEN"
COUNTS: Final = "WHYCHURN_SERVE_COUNTS"  # folder in which workers leave their counts for each other
RESTARTED: Final = "WHYCHURN_SERVE_RESTARTED"  # set for workers that replace one that died
_SHORTEST_TOKEN: Final = 16


@dataclass(frozen=True)
class ServeSettings:
    """One server.

    Parameters
    ----------
    study
        Folder of the study.
    name, alias
        Model in the registry, and the alias that is followed.
    host, port
        Address to listen at.
    workers
        Processes.
    waiting
        Requests that a worker keeps waiting once their body has arrived.
    max_bytes
        Largest body of a request.
    token_file
        File with the token; without one it is read from the environment.
    certfile, keyfile
        Certificate chain and key; both or none.
    """

    study: str
    name: str
    alias: str
    host: str
    port: int
    workers: int
    waiting: int
    max_bytes: int
    token_file: str | None = None
    certfile: str | None = None
    keyfile: str | None = None

    def environment(self) -> dict[str, str]:
        """As a variable of the environment; the token is no part of it."""
        return {SETTINGS: json.dumps(asdict(self))}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> ServeSettings:
        """What `environment` made."""
        return cls(**json.loads(environment[SETTINGS]))

    def token(self, environment: Mapping[str, str] = os.environ) -> bytes | None:
        """The token that callers must send; None where none is asked for.

        Raises
        ------
        WhychurnError
            If the file cannot be read, or the token is too short.
        """
        if self.token_file is None and TOKEN not in environment:
            return None
        if self.token_file is None:
            text, where = environment[TOKEN], f"${TOKEN}"
        else:
            text, where = _read(self.token_file, "the file of the token"), self.token_file
        if len(text.strip()) < _SHORTEST_TOKEN:
            raise WhychurnError(
                f"the token has fewer than {_SHORTEST_TOKEN} characters", file=where, remedy=_MAKE_ONE
            )
        return text.strip().encode()

    def check(self) -> None:
        """Refuse what would serve badly, before anything starts.

        Raises
        ------
        WhychurnError
            If others could call without a token, or certificate and key are not a pair that can be read.
        """
        if self.token() is None and not is_loopback(self.host):
            raise WhychurnError(
                f"without a token the model is served on this machine alone, not on {self.host!r}",
                remedy=f"set {TOKEN} or give --token-file; {_MAKE_ONE}",
            )
        if (self.certfile is None) != (self.keyfile is None):
            raise WhychurnError("TLS needs a certificate and its key", remedy="give --certfile and --keyfile")
        if self.certfile is not None:
            try:  # no password: an encrypted key is refused, a prompt would hang the workers
                ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
                    self.certfile, self.keyfile, password=""
                )
            except OSError as error:
                raise WhychurnError(
                    f"certificate and key cannot be read, or do not belong together ({error.strerror or error})",
                    file=self.certfile,
                    remedy="give PEM files of one certificate and its key, without a password",
                ) from error


_MAKE_ONE: Final = 'make one: python -c "import secrets; print(secrets.token_urlsafe(32))"'


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # another name: it may mean any address
        return False


def is_authorized(header: bytes, token: bytes) -> bool:
    """Whether an Authorization header carries the token; takes equally long for any wrong one."""
    scheme, _, given = header.partition(b" ")
    return hmac.compare_digest(given.strip(), token) and scheme.lower() == b"bearer"


def _read(file: str, what: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WhychurnError(f"{what} cannot be read ({type(error).__name__})", file=file) from error
