"""Run the cells of a notebook in a fresh IPython shell of this process, and keep what they show.

Starting a kernel for each notebook would take most of the time. The shell is the class that a kernel wraps;
a worker process runs several notebooks, each with an empty namespace.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, Final

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_output
from traitlets import Type
from traitlets.config import Config

from whychurn.contract.errors import WhychurnError

_QUIET: Final = Config({"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}})


def execute_cells(notebook: Any, name: str, environment: dict[str, str]) -> Any:
    """`notebook` with the outputs of its code cells.

    Parameters
    ----------
    notebook
        Notebook node; it is filled in place and returned.
    name
        Name of the notebook, for errors.
    environment
        Variables that the cells see.

    Raises
    ------
    WhychurnError
        If a cell fails: names the notebook, the cell, its first line and the error.
    """
    with _environment(environment), _fresh_shell() as shell:
        code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for number, cell in enumerate(code_cells, start=1):
            cell.outputs, cell.execution_count = (
                _run(shell, cell.source, f"{name}, code cell {number}"),
                number,
            )
    return notebook


def _run(shell: Any, source: str, where: str) -> list[Any]:
    shown: list[Any] = []
    shell.execution_count += 1  # by which a page tells cells apart; a cell without history does not count
    shell.display_pub.shown = shell.displayhook.shown = shown
    printed = io.StringIO()
    with redirect_stdout(printed):
        result = shell.run_cell(source, store_history=False)
    error = result.error_before_exec or result.error_in_exec
    if error is not None:
        first = next((line for line in source.splitlines() if line.strip()), "")
        raise WhychurnError(
            f"notebook {where} (starts with `{first}`) failed: {type(error).__name__}: {error}",
            remedy="open the notebook with `make lab` and run it to that cell",
        ) from error
    outputs = [new_output("display_data", data=data) for data in shown]
    if printed.getvalue():
        outputs.insert(0, new_output("stream", name="stdout", text=printed.getvalue()))
    return outputs


class _Publisher(DisplayPublisher):
    """Keeps what `display` shows."""

    shown: list[dict[str, Any]]

    def publish(self, data: dict[str, Any], *_: Any, **__: Any) -> None:
        self.shown.append(dict(data))


class _Hook(DisplayHook):
    """Keeps the value of a cell's last line."""

    shown: list[dict[str, Any]]

    def __call__(self, result: Any = None) -> None:
        if result is not None and not self.quiet():
            self.shown.append(dict(self.compute_format_data(result)[0]))


class _Shell(InteractiveShell):
    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)

    def init_syntax_highlighting(self, *_: Any) -> None:
        """No terminal, no colours."""

    def showtraceback(self, *_: Any, **__: Any) -> None:
        """The error is raised to the caller instead."""

    def showsyntaxerror(self, *_: Any, **__: Any) -> None:
        """As above."""


@contextmanager
def _fresh_shell() -> Iterator[Any]:
    main = sys.modules["__main__"]  # the shell puts its namespace there
    with tempfile.TemporaryDirectory(prefix="whychurn-ipython-") as folder:
        _Shell.clear_instance()
        try:
            yield _Shell.instance(config=_QUIET, ipython_dir=folder)
        finally:
            _Shell.clear_instance()
            sys.modules["__main__"] = main


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value
