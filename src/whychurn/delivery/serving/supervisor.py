"""The process that `whychurn serve` becomes: it listens, starts the workers, replaces dead ones, and ends them all."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
import tempfile
import time
from typing import Final

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from whychurn.delivery.serving.log_lines import LOGGING
from whychurn.delivery.serving.protocol import PatientProtocol
from whychurn.delivery.serving.settings import COUNTS, RESTARTED, ServeSettings

_FINISH_SECONDS: Final = 4  # for requests in work when the server is told to stop
_END_SECONDS: Final = 4.7  # until a worker that does not end is ended


class Supervisor(Multiprocess):
    """uvicorn's supervisor; a stop closes the listening socket first and takes no longer than `_END_SECONDS`."""

    def init_processes(self) -> None:
        """Start the workers; those that come later know that they replace one."""
        super().init_processes()
        os.environ[RESTARTED] = "1"

    def terminate_all(self) -> None:
        """Accept nobody any more, then tell the workers."""
        for listening in self.sockets:
            listening.close()
        super().terminate_all()

    def join_all(self) -> None:
        """Wait for the workers, for a while."""
        until = time.monotonic() + _END_SECONDS
        for worker in self.processes:
            worker.process.join(max(0.0, until - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to an address of this machine; raises `OSError` where it is taken."""
    family = socket.AF_INET6 if _is_ipv6(host) else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    listening.set_inheritable(True)
    return listening


def main() -> int:
    """Serve until told to stop; 0, or uvicorn's code where no worker could start."""
    settings = ServeSettings.from_environment()
    config = uvicorn.Config(
        "whychurn.delivery.serving.worker:build_app", factory=True, workers=settings.workers,
        http=PatientProtocol, loop="asyncio", ws="none", lifespan="on", log_config=LOGGING, log_level=None,
        access_log=False, proxy_headers=False, server_header=False, timeout_keep_alive=20,
        timeout_graceful_shutdown=_FINISH_SECONDS, timeout_worker_healthcheck=10,
        ssl_certfile=settings.certfile, ssl_keyfile=settings.keyfile,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="whychurn-serve-") as counts:
        os.environ[COUNTS] = counts
        supervisor = Supervisor(config, sockets=[listen(settings.host, settings.port)])
        supervisor.run()
    failed = any(worker.exitcode == STARTUP_FAILURE for worker in supervisor.processes)
    return STARTUP_FAILURE if failed else 0


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False


if __name__ == "__main__":  # workers are spawned: they import this module again
    sys.exit(main())
