"""The command that shows one member."""

from __future__ import annotations

import webbrowser
from typing import Annotated

import typer

from whychurn.cli.groups import StudyOption, app, console
from whychurn.contract.params import load_params
from whychurn.contract.paths import StudyPaths


@app.command("member")
def member(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="Pseudonym, or your own id with the key.")],
    study: StudyOption = None,
    lang: Annotated[list[str] | None, typer.Option(help="en, zh; both by default.")] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the card in the browser.")] = False,
) -> None:
    """Write the card of one member: history, likely cause, what to offer, what not to send."""
    from whychurn.stages.on_demand.member_card import write_card

    place = StudyPaths.existing(study)
    files = write_card(place, load_params(place), wanted, lang or [])
    for file in files:
        console.print(str(file), markup=False, highlight=False, soft_wrap=True)
    if show:
        webbrowser.open(files[0].as_uri())
