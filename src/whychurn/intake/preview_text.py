"""The data check as text: each table, what must be decided, which questions can be answered."""

from typing import Any, Final

import pandas as pd
from rich.console import Console
from rich.table import Table

from whychurn.contract.questions import load_questions
from whychurn.intake.preview import CheckReport
from whychurn.labels import has_words, say

_COUNTS: Final = {
    "read": "rows read",
    "derived": "+ made",
    "kept": "= kept",
    "quarantined": "+ set aside",
    "folded": "+ folded",
    "duplicates": "+ copies",
    "netted": "+ netted",
}
_ALWAYS: Final = ("read", "kept", "quarantined")


def render_check(report: CheckReport, console: Console) -> None:
    """Print `report`: tables, what was assumed of each, what must be decided, the questions, the verdict."""
    found = report.tables[report.tables["kept"] + report.tables["read"] > 0]
    console.print(_overview(found))
    if report.observed_from is not None and not pd.isna(report.observed_until):
        console.print(
            f"The study covers {report.observed_from:%Y-%m-%d} to {report.observed_until:%Y-%m-%d}."
        )
    for table in report.tables["table"]:
        _print_table(report, str(table), console)
    empty = report.tables[report.tables["kept"] + report.tables["read"] == 0]["table"]
    console.print(f"[dim]absent or empty: {', '.join(empty) or 'none'}[/]")
    if report.unused:
        console.print(f"Not used: {', '.join(report.unused)}", markup=False)
    for row in report.problems.to_dict("records"):
        where = f"{row['table']}: " if row["table"] else ""
        console.print(f"Problem: {where}{row['message']}", style="bold red", markup=False, soft_wrap=True)
    if report.decisions:
        console.print("To be decided:", style="bold red")
    for line in report.decisions:
        console.print(f"  {line}", markup=False, soft_wrap=True)
    console.print(_questions(report))
    _print_verdict(report, console)


def _overview(tables: pd.DataFrame) -> Table:
    counts = [name for name in _COUNTS if name in _ALWAYS or tables[name].any()]
    shown = Table(title="Tables")
    for name in ("table", "source", *(_COUNTS[name] for name in counts), "first day", "last day"):
        shown.add_column(
            name, no_wrap=name != "source", justify="right" if name in _COUNTS.values() else "left"
        )
    for row in tables.to_dict("records"):
        days = (row["first_day"] or "", row["last_day"] or "")
        shown.add_row(row["table"], row["source"] or "", *(f"{row[name]:,}" for name in counts), *days)
    return shown


def _print_table(report: CheckReport, table: str, console: Console) -> None:
    """What became of a table's rows and cells, and what was assumed, a line each."""
    reasons = report.reasons[report.reasons["table"] == table]
    lines = [_reason_line(row) for row in reasons.to_dict("records")]
    lines += report.assumed.get(table, [])
    columns = report.columns[(report.columns["table"] == table) & report.columns["source"].isna()]
    if lines or len(columns):
        encoding = report.tables.set_index("table")["encoding"][table]
        console.print(f"[bold]{table}[/]" + (f" [dim]({encoding})[/]" if encoding else ""))
    for line in lines:
        console.print(f"  - {line}", markup=False, highlight=False, soft_wrap=True)
    if len(columns):
        console.print(f"  [dim]no column for {', '.join(columns['column'])}[/]")


def _reason_line(row: dict[Any, Any]) -> str:
    column = f"{row['table']}.{row['column']}: " if row["column"] else ""
    return f"{column}{_rows(int(row['rows']))}: {_reason(str(row['reason']))}"


def _rows(number: int) -> str:
    return f"{number:,} row{'s' if number != 1 else ''}"


def _questions(report: CheckReport) -> Table:
    shown = Table("question", "answer", title="Questions")
    words = {question.id: question.words["en"] for question in load_questions()}
    for row in report.questions.to_dict("records"):
        lacks = str(row["missing"]).replace(" | ", " or ")
        shown.add_row(
            words[str(row["id"])], "[green]yes[/]" if row["answerable"] else f"[yellow]no: lacks {lacks}[/]"
        )
    return shown


def _print_verdict(report: CheckReport, console: Console) -> None:
    if not report.fits:
        number = len(report.problems) + len(report.decisions)
        console.print(f"A run cannot start: {number} to mend or decide, see above.", style="bold red")
        return
    lost = report.lost
    parts = {
        "quarantined": f"{_rows(lost['quarantined'])} set aside",
        "not_understood": f"{_rows(lost['not_understood'])} with values that are not understood",
        "blanked": f"{lost['blanked']:,} cells left empty",
    }
    listed = ", ".join(words for name, words in parts.items() if lost[name])
    if listed:
        console.print(f"whychurn run can start, but the answer goes without {listed}.", style="bold yellow")
    else:
        console.print("The tables fit: whychurn run can start.", style="bold green")


def _reason(reason: str) -> str:
    name, _, rest = reason.partition(" ")
    for key in (f"intake.reason_{name}", f"intake.{name}"):
        if has_words(key):
            return f"{say(key, 'en')} {rest}".strip()
    return reason.replace("_", " ")
