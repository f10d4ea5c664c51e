"""Commands on tests by lot: what a campaign showed, and how large the next test must be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from whychurn.action.pooled_tests import POOLED
from whychurn.action.tests_by_lot.sentences import Said, sentence, verdict
from whychurn.action.tests_by_lot.sizes import POWER, rescaled
from whychurn.contract.errors import WhychurnError
from whychurn.contract.files import read_json, read_table
from whychurn.contract.params import Params
from whychurn.contract.paths import StudyPaths
from whychurn.labels import both, join

RUN = "whychurn run --until action"


@dataclass(frozen=True)
class Reading:
    """A campaign read out: its rows of ``action_tests``, and sentences about them by language."""

    table: pd.DataFrame
    sentences: list[dict[str, str]]


def read_campaign(place: StudyPaths, params: Params, campaign: str, outcome: str) -> Reading:
    """What the stage ``action`` found of one campaign, or of all campaigns of each action (``all``).

    Raises
    ------
    WhychurnError
        If the stage has not run, no campaign has this name, or it tells nothing of the outcome.
    """
    tests, facts = _result(place, "action_tests"), _facts(place)
    known = facts["campaigns"]
    if campaign != POOLED and campaign not in known:
        raise WhychurnError(
            f"no campaign {campaign!r} among the touches of members then still there",
            remedy=f"choose one of {', '.join([*known, POOLED])}" if known else "supply the table touches",
        )
    if campaign != POOLED and not known[campaign]["randomised"]:
        return Reading(tests.iloc[:0], [sentence(("chosen_members", {}))])
    here = tests[tests["campaign_id"] == campaign]
    rows = here[here["outcome"] == outcome]
    if rows.empty:
        raise WhychurnError(
            f"the tables tell nothing of {outcome!r} in {campaign!r}",
            remedy=f"choose one of {', '.join(sorted(here['outcome'].unique()))}",
        )
    said: list[Said] = [] if campaign == POOLED or known[campaign]["stated"] else [("shares_stand_in", {})]
    harm = here[(here["note"] == "harm") & (here["outcome"] != outcome) & (here["stratum"] == "all")]
    first = [_named(row, params, known) for row in harm.to_dict("records")]
    each = [_named(row, params, known) for row in rows[rows["stratum"] == "all"].to_dict("records")]
    return Reading(rows, [*first, *each, *(sentence(one) for one in said)])


def set_aside(place: StudyPaths) -> list[dict[str, str]]:
    """Sentences on touches that no read-out uses and on names that were read as one, by language."""
    found = []
    for other, action in _facts(place)["spellings"].items():
        found.append(sentence(("spellings", {"action": action, "others": other})))
    for reason, arms in _facts(place)["set_aside"].items():
        shown = {lang: join([f"{arm} {n:,}" for arm, n in arms.items()], lang) for lang in ("en", "zh")}
        values = {"n": f"{sum(arms.values()):,}", "reason": both(f"action.set_aside_{reason}"), "arms": shown}
        found.append(sentence(("set_aside", values)))
    return found


def size_of(place: StudyPaths, action: str, power: float) -> list[dict[str, str]]:
    """Sentences on the size of the next test of an action, one a design, by language.

    Raises
    ------
    WhychurnError
        If the stage has not run, or no size is known for the action.
    """
    if not 0.5 <= power < 1:
        raise WhychurnError(f"a power of {power} cannot be planned", remedy="choose between 0.5 and 0.99")
    sizes = _result(place, "action_sizes")
    rows = sizes[sizes["action"] == action]
    if rows.empty:
        known = sorted(sizes["action"].unique())
        raise WhychurnError(
            f"no size is known for the action {action!r}",
            remedy=f"choose one of {', '.join(known)}; or add it to action.actions in params.yaml",
        )
    return [sentence(_size(row, power)) for row in rows.to_dict("records")]


def _size(row: Mapping[Any, Any], power: float) -> Said:
    factor = rescaled(1.0, power)
    values = {
        "action": row["action"], "design": both(f"action.design_{row['design']}"),
        "n": f"{factor * row['n_arm']:,.0f}", "control": f"{factor * row['n_control']:,.0f}",
        "relative": f"{100 * row['relative']:.1f} %", "p0": f"{100 * row['p0']:.1f} %",
        "weeks": f"{max(4, round(factor * row['weeks'] / 4) * 4)}",
    }  # fmt: skip
    return ("size" if power == POWER else "size_power"), values | {"power": f"{100 * power:.0f} %"}


def _named(row: Mapping[Any, Any], params: Params, known: dict[str, Any]) -> dict[str, str]:
    """Sentence about a row, the action before it."""
    weeks = known.get(row["campaign_id"], {}).get("weeks_left", "?")
    row = {**row, "weeks_left": weeks, "min_cell": params.privacy.min_cell}
    text = sentence(verdict(row, params.action.false_discovery))
    if row["note"] == "few_leavings" and not row["suppressed"]:
        more = both("action.few_leavings", n=params.action.min_leavers)
        text = {lang: f"{one}{'' if lang == 'zh' else ' '}{more[lang]}" for lang, one in text.items()}
    return {lang: f"{row['action']}{'：' if lang == 'zh' else ': '}{one}" for lang, one in text.items()}


def _result(place: StudyPaths, name: str) -> pd.DataFrame:
    file = place.results / f"{name}.parquet"
    if not file.exists():
        raise WhychurnError("the tests of this study have not been read yet", file=file, remedy=RUN)
    return read_table(file)


def _facts(place: StudyPaths) -> dict[str, Any]:
    file = place.results / "action.json"
    found = read_json(file).get("tests") if file.exists() else None
    if found is None:
        raise WhychurnError("the tests of this study have not been read yet", file=file, remedy=RUN)
    return dict(found)
