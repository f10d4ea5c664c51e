"""Limitations of the data, in sentences of both languages (STROBE item 19)."""

from __future__ import annotations

from typing import Final

from whychurn.causes.evidence.grounds import Grounds
from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.contract.causes import CAUSES, LEAST_SAID
from whychurn.labels import LANGUAGES, both, join, say
from whychurn.panel.exit_surveys import OTHER

FEW_EVENTS: Final = 100  # fewer churn events make assumptions weigh as much as data
MANY_OTHER: Final = 0.5  # of the answers: the codes may not be mapped


def limitations(evidence: Evidence, grounds: Grounds, min_cell: int) -> list[dict[str, str]]:
    """Sentences {key, en, zh}: causes that cannot be told, missing sources, few events, causes nobody stated,
    answers outside the six.
    """
    labels = evidence.labels.select(evidence.rows[evidence.churned])
    answers, other = int((labels.stated >= 0).sum()), int((labels.stated == OTHER).sum())
    never_stated = [cause for number, cause in enumerate(CAUSES) if not (labels.stated == number).any()]
    sentences = _untold(grounds) if len(labels.stated) else []
    unrecorded = _without_records(grounds)
    if unrecorded and grounds.speak and len(labels.stated):
        sentences.append(_sentence("no_records", causes=_names(unrecorded)))
    if len(labels.stated) < FEW_EVENTS and grounds.told.any():
        sentences.append(_sentence("few_leavers", count=len(labels.stated)))
    if answers < min_cell:
        sentences += [_sentence("no_survey")] if grounds.speak else []
    elif never_stated and grounds.speak:
        sentences.append(_sentence("unnamed_causes", causes=_names(never_stated)))
    if answers >= min_cell and other > MANY_OTHER * answers:
        sentences.append(_sentence("unknown_codes", count=other))
    if not evidence.labels.texts_before_exit.any() and not evidence.labels.exit_texts.any():
        sentences.append(_sentence("no_text"))
    if not any(name.startswith("rival_") for name in evidence.history.names):
        sentences.append(_sentence("no_market"))
    return sentences


def _without_records(grounds: Grounds) -> list[str]:
    """Causes of which no table holds a trace."""
    return [cause for cause in CAUSES if not (grounds.effects["cause"] == cause).any()]


def _untold(grounds: Grounds) -> list[dict[str, str]]:
    words = {"answers": grounds.answers, "texts": grounds.texts, "least": LEAST_SAID}
    if grounds.told.all():
        return []
    if not grounds.told.any():
        return [_sentence("no_evidence", **words)]
    untold = [cause for cause, told in zip(CAUSES, grounds.told, strict=True) if not told]
    return [_sentence("untold_causes", causes=_names(untold), **words)]


def _names(causes: list[str]) -> dict[str, str]:
    return {lang: join((say(f"causes.{cause}", lang) for cause in causes), lang) for lang in LANGUAGES}


def _sentence(key: str, **values: object) -> dict[str, str]:
    return {"key": key, **both(f"causes.limit_{key}", **values)}
