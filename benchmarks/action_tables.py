"""The table of benchmarks/README.md on actions, written between its marks from the file of rows: nobody copies a figure."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from whychurn.contract.files import write_whole
from whychurn.score.actions.plan_forecasts import COLUMNS, INACTIVITY, TERMS
from whychurn.score.actions.plan_forecasts import FILE as FORECASTS
from whychurn.world.setting.programme import load_programme

FILE = Path(__file__).with_name("action.csv")
PAGE = Path(__file__).with_name("README.md")
START, END = "<!-- action: written by benchmarks/action.py -->", "<!-- action ends -->"
MEASURES = {  # measure: what it is, how it is printed, aim
    "share_informed": (
        "share of the best guess that data allow (informed)",
        "{:.2f}",
        "≥ .60, none < .35; duds ≥ .65",
    ),
    "share_clairvoyant": ("share of who knows all but the future", "{:.2f}", "–"),
    "better_than_simple": (
        "better than blanket, random, rule, highest risk and the playbook without tests",
        "{:.0%}",
        "≥ 90 %",
    ),
    "behind_simple_of_informed": ("behind the best of these, of informed", "{:.2f}", "≤ .10"),
    "effects_covered": ("intervals of average effects that hold the truth (shop)", "{:.0%}", "92–98 %"),
    "duds_called_shown": ("duds called shown", "{:.0%}", "≤ 5 %"),
    "works_called_shown": ("actions that work called shown", "{:.0%}", "–"),
    "harm_avoided": ("harmful actions called harmful or left out", "{:.0%}", "≥ 90 %"),
    "dogs_contacted": ("sleeping dogs contacted, over their share", "{:.2f}", "≤ .50"),
    "dropped": ("contacts of the plan that the world does not carry out (caps, budget)", "{:.0f}", "0"),
    "gone_contacted": ("contacts to members who are gone", "{:.1%}", "–"),
    "aipw_covers": ("AIPW interval holds the played gain", "{:.0%}", "≥ 90 %"),
    "aipw_bias": ("AIPW value over the played gain, less one", "{:+.0%}", "within 10 %"),
    "model_bias": ("gain that the plan expects over the played gain, less one", "{:+.0%}", "–"),
    "alerts_over_silence": ("precision of alerts over the rule on silence", "{:.2f}", "≥ 1.5"),
    "alerts_lead_days": ("median lead of alerts, days", "{:.0f}", "≥ 21"),
}


OTHERS = {  # policies beside the plan
    "blanket": "one action for all",
    "random": "members and actions by lot",
    "rule": "the rule on silence",
    "highest_risk": "highest risk first",
    "untested_playbook": "the playbook without tests",
}


def write_tables() -> str:
    """Write the table into the page if it has the marks; the table."""
    table = _table(pd.read_csv(FILE))
    page = PAGE.read_text(encoding="utf-8")
    if START in page and END in page:
        head, rest = page.split(START)
        _, tail = rest.split(END)
        with write_whole(PAGE) as temporary:
            temporary.write_text(f"{head}{START}\n\n{table}\n\n{END}{tail}", encoding="utf-8")
    return table


def write_forecasts() -> None:
    """Write what plans expected and brought, a row a world, into the package, where the page `keep` quotes it."""
    rows = pd.read_csv(FILE)
    told = rows.pivot_table(
        index=["world", "program", "members"], columns="measure", values="value"
    ).reset_index()
    told = told.dropna(subset=["model_bias"]).sort_values("world")
    brought = told["gain.plan"]
    found = told.assign(
        kind=[INACTIVITY if load_programme(name).kind == INACTIVITY else TERMS for name in told["program"]], brought=brought, held=told["model_covers"].astype(int),
        expected=(brought + told["model_bias"] * brought.abs()).round(4),
    )  # fmt: skip
    with write_whole(FORECASTS) as temporary:
        found[list(COLUMNS)].to_csv(temporary, index=False)


def _table(rows: pd.DataFrame) -> str:
    kinds = {"all actions work": rows[rows["duds"] == 0], "two more duds": rows[rows["duds"] > 0]}
    counts = [f"{name} ({_counted(part)})" for name, part in kinds.items()]
    lines = [f"| measure | {' | '.join(counts)} | aim |", "|---|---|---|---|"]
    for measure, (told, form, aim) in MEASURES.items():
        cells = [
            _cell(part[part["measure"] == measure].dropna(subset="value"), form) for part in kinds.values()
        ]
        lines.append(f"| {told} | {' | '.join(cells)} | {aim} |")
    for policy, told in OTHERS.items():
        cells = [_cell(_of_informed(part, policy), "{:.2f}") for part in kinds.values()]
        lines.append(f"| gain of {told}, of informed | {' | '.join(cells)} | – |")
    significant = [_cell(_clear(part), "{:.0%}") for part in kinds.values()]
    lines.append(f"| gain over doing nothing by 2 s.e. | {' | '.join(significant)} | every world |")
    return "\n".join(lines)


def _counted(rows: pd.DataFrame) -> str:
    """How many worlds, and of how many members."""
    sizes = " and ".join(f"{size:,}".replace(",", " ") for size in sorted(rows["members"].unique()))
    return f"{rows['world'].nunique()} of {sizes or 'no'} members"


def _clear(rows: pd.DataFrame) -> pd.DataFrame:
    plan = rows[rows["measure"] == "gain.plan"]
    return plan.assign(value=(plan["value"] > 2 * plan["se"]).astype(float), se=float("nan"))


def _of_informed(rows: pd.DataFrame, policy: str) -> pd.DataFrame:
    """Gain of a policy over that of the informed oracle, world by world."""
    by = rows.set_index("world")
    gain, best = by[by["measure"] == f"gain.{policy}"], by.loc[by["measure"] == "gain.informed", "value"]
    return gain.assign(value=gain["value"] / best, se=gain["se"] / best)


def _cell(rows: pd.DataFrame, form: str) -> str:
    """Mean, its standard error over futures where there is one, and the range where worlds differ."""
    values = rows["value"]
    if values.empty:
        return "–"
    mean = form.format(values.mean())
    if rows["se"].notna().all():
        mean += f" ± {form.format((rows['se'] ** 2).sum() ** 0.5 / len(rows))}"
    if values.min() == values.max() or values.isin([0.0, 1.0]).all():
        return mean
    return f"{mean} ({form.format(values.min())} to {form.format(values.max())})"
