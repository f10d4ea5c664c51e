"""Limitations of the data, in sentences of both languages (STROBE item 19)."""

from __future__ import annotations

from typing import Final

from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.contract.causes import CAUSES
from whychurn.labels import LANGUAGES, both, join, say
from whychurn.panel.exit_surveys import OTHER

FEW_EVENTS: Final = 100  # fewer churn events make assumptions weigh as much as data
MANY_OTHER: Final = 0.5  # of the answers: the codes may not be mapped


def limitations(evidence: Evidence, min_cell: int) -> list[dict[str, str]]:
    """Sentences {key, en, zh}: missing sources, few events, causes nobody stated, answers outside the six."""
    labels = evidence.labels.select(evidence.rows[evidence.churned])
    answers, other = int((labels.stated >= 0).sum()), int((labels.stated == OTHER).sum())
    never_stated = [cause for number, cause in enumerate(CAUSES) if not (labels.stated == number).any()]
    sentences = []
    if len(labels.stated) < FEW_EVENTS:
        sentences.append(_sentence("few_leavers", count=len(labels.stated)))
    if answers < min_cell:
        sentences.append(_sentence("no_survey"))
    elif never_stated:
        names = {
            lang: join((say(f"causes.{cause}", lang) for cause in never_stated), lang) for lang in LANGUAGES
        }
        sentences.append(_sentence("unnamed_causes", causes=names))
    if answers >= min_cell and other > MANY_OTHER * answers:
        sentences.append(_sentence("unknown_codes", count=other))
    if not evidence.labels.texts_before_exit.any() and not evidence.labels.exit_texts.any():
        sentences.append(_sentence("no_text"))
    if not any(name.startswith("rival_") for name in evidence.history.names):
        sentences.append(_sentence("no_market"))
    return sentences


def _sentence(key: str, **values: object) -> dict[str, str]:
    return {"key": key, **both(f"causes.limit_{key}", **values)}
