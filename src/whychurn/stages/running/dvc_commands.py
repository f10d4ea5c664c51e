"""DVC as a program of its own: one or several commands side by side, which end when the run is stopped."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from whychurn.contract.errors import WhychurnError
from whychurn.contract.paths import StudyPaths
from whychurn.contract.system.processes import ended_with_us, interrupts_kept
from whychurn.stages.running.lock_file import mend_lock_file
from whychurn.stages.running.locks import release_dead_locks

log = logging.getLogger(__name__)


def run_dvc(
    study: StudyPaths,
    held: int | None,
    *commands: list[str],
    environment: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Run DVC commands in parallel, which inherit the lock `held`; all end before a failure is raised.

    Parameters
    ----------
    environment
        What the stages find in theirs besides.
    """
    if released := release_dead_locks(study.root):
        log.info("a run was killed here before: %d of its locks released, finished stages are kept", released)
    mend_lock_file(study.root)
    # Stages call `whychurn` and must find the one beside this interpreter.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    fixed = {"PATH": path, "SHELL": "/bin/sh", "DVC_NO_ANALYTICS": "1", "PYTHONUNBUFFERED": "1"}
    # by default in /var/tmp, where anybody may write what DVC loads
    fixed["DVC_SITE_CACHE_DIR"] = str(study.root / ".dvc" / "tmp" / "site")
    # many small products: threads of the linear algebra cost more than they save, and add in no fixed order
    given = {"OPENBLAS_NUM_THREADS": "1", **os.environ, **fixed, **environment}
    with interrupts_kept():
        running = [
            subprocess.Popen(
                [sys.executable, "-m", "dvc", "--wait-for-lock", *command],
                cwd=study.root,
                env=given,
                stdin=subprocess.DEVNULL,
                pass_fds=() if held is None else (held,),
            )
            for command in commands
        ]
    with ended_with_us(*running):
        ended = [process.wait() for process in running]  # all, whatever the first returns
    if any(ended):
        raise WhychurnError(
            "the pipeline stopped",
            file=study.root,
            remedy="mend what the message above names and run the same command again; finished stages are kept. "
            "Where no message names anything, memory may be short: --jobs 1",
        )
