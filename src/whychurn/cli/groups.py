"""Groups of commands, and what all commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup


class _Commands(TyperGroup):
    """Ctrl-C is one line and code 130."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            errors.print("whychurn: stopped; what is finished is kept, the same command goes on from there")
            raise typer.Exit(130) from None


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Why members leave, and what would keep them.",
)
data = typer.Typer(no_args_is_help=True, help="Look at input, bring it in, look a member up.")
experiment = typer.Typer(no_args_is_help=True, help="Try a change of parameters; promote a model.")
world = typer.Typer(invoke_without_command=True, help="Simulate a programme; score attributions on it.")
bench = typer.Typer(invoke_without_command=True, help="The public benchmark: write its worlds, rank methods.")
action = typer.Typer(
    no_args_is_help=True, help="What keeps members: read tests out, size new ones, export lists."
)
app.add_typer(world, name="world")
app.add_typer(bench, name="bench")
app.add_typer(data, name="data")
app.add_typer(experiment, name="experiment")
app.add_typer(action, name="action")
console = Console()
errors = Console(stderr=True)
StudyOption = Annotated[
    Path | None, typer.Option("--study", help="Folder of a programme; the demo by default.")
]
