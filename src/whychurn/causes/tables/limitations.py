"""What the data do not allow to say, in sentences of both languages."""

from __future__ import annotations

from typing import Final

import numpy as np

from whychurn.causes.evidence.gather import Evidence
from whychurn.contract.causes import CAUSES
from whychurn.labels import LANGUAGES, both, join, say
from whychurn.panel.exit_surveys import OTHER

FEW: Final = 100  # leavings: fewer make assumptions weigh as much as data
MANY_OTHER: Final = 0.5  # of the answers: the codes may not be mapped


def limits(evidence: Evidence, min_cell: int) -> list[dict[str, str]]:
    """Sentences {key, en, zh}: absent sources, few leavers, causes nobody stated, answers outside the six."""
    rows = evidence.rows[evidence.churned]
    stated = evidence.seen.stated[rows]
    answers = int((stated >= 0).sum())
    found = []
    if len(rows) < FEW:
        found.append(_sentence("few_leavers", count=len(rows)))
    if answers < min_cell:
        found.append(_sentence("no_survey"))
    elif silent := [cause for number, cause in enumerate(CAUSES) if not (stated == number).any()]:
        names = {lang: join((say(f"causes.{c}", lang) for c in silent), lang) for lang in LANGUAGES}
        found.append(_sentence("unnamed_causes", causes=names))
    if answers >= min_cell and (others := int((stated == OTHER).sum())) > MANY_OTHER * answers:
        found.append(_sentence("unknown_codes", count=others))
    if not evidence.seen.before.any() and not evidence.seen.after.any():
        found.append(_sentence("no_text"))
    if not np.any([name.startswith("rival_") for name in evidence.tape.names]):
        found.append(_sentence("no_market"))
    return found


def _sentence(key: str, **values: object) -> dict[str, str]:
    return {"key": key, **both(f"causes.limit_{key}", **values)}
