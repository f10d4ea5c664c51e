"""What uvicorn starts in each worker: the application, and its duties beside the requests."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import multiprocessing
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from mlflow import MlflowClient
from mlflow.pyfunc import scoring_server
from starlette.types import Receive, Scope, Send
from uvicorn.config import STARTUP_FAILURE

from whychurn.contract.files import read_json
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths
from whychurn.delivery.registry.model_versions import find_version
from whychurn.delivery.serving.answering import Answering, Limits
from whychurn.delivery.serving.app import ScoringApp
from whychurn.delivery.serving.model_in_service import ModelInService, Served, UnfitVersionError, load_served
from whychurn.delivery.serving.settings import COUNTS, RESTARTED, ServeSettings
from whychurn.delivery.serving.state import LatestState

log = logging.getLogger(__name__)
_LOOK_SECONDS: Final = 5  # between looks at the alias
_LOG_SECONDS: Final = 60
_ALARM_KEYS: Final = ("chart", "group", "since", "direction")  # no sizes, no money: /health needs no token
_SWITCH_SECONDS: Final = 0.001  # a thread that computes gives way to the event loop so often


def build_app() -> Worker:
    """The application that uvicorn serves; everything it needs is in the environment."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    settings = ServeSettings.from_environment()
    study, client = StudyPaths(Path(settings.study)), MlflowClient()
    service = ModelInService(client, _load_first(client, settings))
    states = LatestState(study, load_params(study))
    answering = Answering(service, Limits(settings.max_bytes, settings.waiting), states)
    platform = scoring_server.init(service.current.pyfunc)
    counts = Path(os.environ[COUNTS])
    app = ScoringApp(answering, platform, settings.token(), counts, lambda: open_alarms(study))
    gc.collect()
    gc.freeze()  # what was loaded stays: no collection walks through it
    return Worker(app, states)


class Worker:
    """A `ScoringApp` with what has to be done beside it: follow the alias, count, end with the parent."""

    def __init__(self, app: ScoringApp, states: LatestState) -> None:
        self.app, self.states = app, states

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the life of the worker."""
        if scope["type"] == "http":
            await self.app(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        duties = asyncio.create_task(self._duties())
        self.app.leave_counts()
        served = self.app.answering.service.current
        log.info("ready", extra={"fields": {"event": "ready", "version": served.version}})
        await send({"type": "lifespan.startup.complete"})
        await receive()
        duties.cancel()
        with suppress(asyncio.CancelledError):
            await duties
        self._log_requests()
        await send({"type": "lifespan.shutdown.complete"})

    async def _duties(self) -> None:
        parent, second = multiprocessing.parent_process(), 0
        while True:
            await asyncio.sleep(1)
            second += 1
            try:
                self.app.leave_counts()
                if second % _LOOK_SECONDS == 0:
                    await asyncio.to_thread(self.app.answering.service.look)
                    await asyncio.to_thread(self.states.look)
                if second % _LOG_SECONDS == 0:
                    self._log_requests()
                if parent is not None and not parent.is_alive():  # killed: nobody would end this worker
                    signal.raise_signal(signal.SIGTERM)
            except Exception:  # a full disk, say: it must not stop the others
                log.exception("a duty failed")

    def _log_requests(self) -> None:
        fields: dict[str, Any] = self.app.counts.minute(self.app.answering.service.current.version)
        log.info("requests of the last minute", extra={"fields": fields})


def open_alarms(study: StudyPaths) -> list[dict[str, Any]]:
    """What the study's ``watch.json`` lists as open: chart, group, since when; none without that file."""
    file = study.results / "watch.json"
    try:
        alarms = read_json(file).get("open_alarms", []) if file.exists() else []
    except (OSError, json.JSONDecodeError):  # being written, or damaged: said by the stages that read it
        return []
    return [{key: one[key] for key in _ALARM_KEYS if key in one} for one in alarms if isinstance(one, dict)]


def _load_first(client: MlflowClient, settings: ServeSettings) -> Served:
    """The version with the alias; a worker that replaces another waits until it can be loaded."""
    before = signal.getsignal(signal.SIGTERM)
    while True:
        started = time.perf_counter()
        try:
            found = find_version(client, settings.name, settings.alias)
            if found is None:
                raise UnfitVersionError(f"no version has the alias {settings.alias!r}")
            served = load_served(settings.name, str(found.version), settings.alias)
            break
        except Exception as error:
            words = f": {error}" if isinstance(error, UnfitVersionError) else ""
            log.exception("the model cannot be loaded%s", words)
            if RESTARTED not in os.environ:
                raise SystemExit(STARTUP_FAILURE) from None
            signal.signal(signal.SIGTERM, signal.SIG_DFL)  # while it waits, a stop ends it at once
            time.sleep(_LOOK_SECONDS)
    signal.signal(signal.SIGTERM, before)
    seconds = round(time.perf_counter() - started, 2)
    fields = {"event": "loaded", "version": served.version, "seconds": seconds}
    log.info("version %s loaded", served.version, extra={"fields": fields})
    return served
