"""Tables of the yardstick in the READMEs, written between their marks from the file that ships: nobody copies a figure."""

from __future__ import annotations

import pandas as pd

from whychurn.contract.files import write_whole
from whychurn.contract.paths import PROJECT
from whychurn.report.causes.sentences.accuracy import kind_table
from whychurn.report.causes.sentences.misspecification import by_mechanism, mechanism_table
from whychurn.report.page.wording import Wording
from whychurn.score.yardstick.measured import OURS, RIVALS, by_kind, load_yardstick

PAGES = {"README.md": "en", "README.zh-CN.md": "zh", "benchmarks/README.md": "en"}
START, END = "<!-- yardstick: written by benchmarks/yardstick.py -->", "<!-- yardstick ends -->"
LEVELS = {0.4: "easy", 0.15: "middle", 0.03: "hard"}


def markdown(table: pd.DataFrame) -> str:
    """Rows of text with their headings."""
    lines = [list(table.columns), ["---"] * len(table.columns), *table.astype(str).to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def points(value: float) -> str:
    """A share in points, one decimal."""
    return "–" if pd.isna(value) else f"{100 * value:.1f}"


def main_table(rows: pd.DataFrame, lang: str) -> str:
    """Mean and worst largest error of a share by kind of programme, beside the baselines."""
    page = Wording(lang)
    found = kind_table(rows, page)
    if found.empty:
        return page.say("causes.claim_unmeasured")
    heads = {name: page.say(f"causes.column_{name}") for name in (*RIVALS, "share_covered", "worlds")}
    table = pd.DataFrame({page.say("causes.column_programme_kind"): found["programme_kind"]})
    table[heads["worlds"]] = found["worlds"]
    both = zip(found["ours"], found["error_worst"], strict=True)
    table[f"**{page.say('causes.column_ours_worst')}**"] = [f"**{points(a)}** ({points(b)})" for a, b in both]
    for name in RIVALS:
        table[heads[name]] = [points(value) for value in found[name]]
    table[heads["share_covered"]] = [f"{value:.0%}" for value in found["share_covered"]]
    named = zip(found["right"], found["said"], strict=True)
    table[page.say("causes.column_right_said")] = [f"{100 * a:.0f} / {100 * b:.0f} %" for a, b in named]
    return markdown(table)


def further_tables(rows: pd.DataFrame) -> str:
    """What else was measured: by kind, by mechanism, and on programmes of the form that the method assumes."""
    page = Wording("en")
    found = by_kind(rows)
    own = found[found["method"] == OURS]
    kinds = [page.say(f"causes.kind_{kind}") for kind in own["kind"]]
    parts = []
    if len(own):
        names = {
            "share_width": "width of share intervals",
            "avoidable_error_largest": "largest error, avoidable churn",
        }
        table = pd.DataFrame({"programmes": kinds})
        for name, head in names.items():
            table[head] = [points(value) for value in own[name]]
        table["avoidable intervals that hold"] = [f"{value:.0%}" for value in own["avoidable_covered"]]
        table["named"] = [f"{value:.0%}" for value in own["named"]]
        for name, head in {
            "skill_oracle": "skill (1 = simulator)",
            "skill_ceiling": "skill (1 = taught)",
        }.items():
            table[head] = [f"{value:.2f}" for value in own[name]]
        shown = mechanism_table(by_mechanism(rows), page)
        heads = {name: page.say(f"causes.column_{name}") for name in shown}
        for name in shown.columns.drop(["mechanism", "noticed_by", "worlds"]):
            shown[name] = [points(value) for value in shown[name]]
        parts = [markdown(table), markdown(shown.rename(columns=heads))]
    return "\n\n".join([*parts, own_form_table(rows)])


def own_form_table(rows: pd.DataFrame) -> str:
    """Programmes that are as the method assumes (development half): not to be quoted of any other."""
    own = rows[(rows["mechanism"] == "additive") & (rows["half"] == "development")]
    level = own["world"].str.extract(r"-(easy|middle|hard)-", expand=False)
    table = own.assign(level=level).groupby(["method", "level"])["share_error_largest"].mean().unstack()
    table = table.reindex(index=[OURS, *RIVALS], columns=list(LEVELS.values())).map(points)
    table.columns = [f"as assumed, {share:.0%} answer" for share in LEVELS]
    return markdown(table.rename_axis("largest share error, points").reset_index())


def rendered(page: str, lang: str) -> str:
    """What stands between the marks of a page."""
    rows = load_yardstick()
    tables = [main_table(rows, lang)]
    return "\n\n".join(tables + ([further_tables(rows)] if page.startswith("benchmarks") else []))


def write_tables() -> None:
    """Write the tables of all pages between their marks."""
    for page, lang in PAGES.items():
        file = PROJECT / page
        before, rest = file.read_text(encoding="utf-8").split(START)
        after = rest.split(END)[1]
        with write_whole(file) as temporary:
            temporary.write_text(
                f"{before}{START}\n\n{rendered(page, lang)}\n\n{END}{after}", encoding="utf-8"
            )
