"""The command line: thin, one function a command."""

from __future__ import annotations

import io
import logging
import os
import sys

from whychurn.cli import actions, data, experiments, members, pipeline, watch, worlds
from whychurn.cli.groups import app, errors
from whychurn.contract.errors import WhychurnError, refused_by_machine

__all__ = ["actions", "app", "data", "experiments", "main", "members", "pipeline", "watch", "worlds"]


def main() -> None:
    """Entry point: an error that the user can mend is one message and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal or log file that cannot show a sign shows ?
            stream.reconfigure(errors="replace")
    logging.basicConfig(level=os.environ.get("WHYCHURN_LOG", "INFO"), format="%(message)s")
    try:
        app()
    except Exception as raised:
        error = raised if isinstance(raised, WhychurnError) else refused_by_machine(raised)
        if error is None:
            raise
        logging.debug("", exc_info=raised)  # WHYCHURN_LOG=DEBUG shows where
        errors.print(f"whychurn: {error}", style="bold", highlight=False, soft_wrap=True, markup=False)
        raise SystemExit(2) from None
