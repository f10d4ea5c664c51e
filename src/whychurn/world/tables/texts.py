"""Short texts of members in Chinese and English, composed from phrase grammars."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from whychurn.contract.yaml_files import read_yaml
from whychurn.world.lives.members import LANGUAGES
from whychurn.world.lives.true_causes import GENERAL
from whychurn.world.setting.programme import Programme

_FOLDER: Final = Path(__file__).parent
_SLOT: Final = re.compile(r"\{(\w+)\}")
PRAISE: Final = "praise"
NEUTRAL: Final = "neutral"


@cache
def grammar(language: str) -> dict[str, Any]:
    """Phrases of one language (zh, en)."""
    return read_yaml(_FOLDER / f"grammar_{language}.yaml")


def leaver_topics(leavers: pd.DataFrame) -> np.ndarray:
    """Topic that each leaver writes about: the sub-cause, or anything of the cause; (leavers,) of str."""
    subcause, cause = leavers["subcause"], leavers["cause"]
    return subcause.mask(subcause == GENERAL, cause).to_numpy(dtype=object)


def random_topics(programme: Programme, n: int, rng: np.random.Generator) -> np.ndarray:
    """Topics of texts that are about anything, praise and neutral ones too; (n,) of str."""
    topics = [name for cause in programme.causes.values() for name in cause.excess] + [PRAISE, NEUTRAL]
    return np.array(topics, object)[rng.integers(0, len(topics), n)]


class _Dice:
    """Cheap uniform draws for many small choices: `Generator` calls one by one would be slow."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng, self._draws, self._next = rng, rng.random(1 << 14).tolist(), 0

    def roll(self) -> float:
        if self._next == len(self._draws):
            self._draws, self._next = self._rng.random(1 << 14).tolist(), 0
        self._next += 1
        return self._draws[self._next - 1]

    def pick(self, items: Any) -> Any:
        return items[int(self.roll() * len(items))]


class TextWriter:
    """Writes texts about topics (sub-causes, praise, neutral) for one programme.

    Parameters
    ----------
    programme
        Name of the programme; it chooses the words for things, staff and places.
    topics_of
        Sub-causes of each cause, for texts about a cause in general.
    """

    def __init__(self, programme: str, topics_of: dict[str, list[str]]) -> None:
        self.programme, self.topics_of = programme, topics_of

    @classmethod
    def of(cls, programme: Programme) -> TextWriter:
        """Writer for `programme`; a cause without exposures has nothing but neutral texts."""
        topics_of = {name: list(cause.excess) or [NEUTRAL] for name, cause in programme.causes.items()}
        return cls(programme.name, topics_of)

    def texts(
        self, topics: np.ndarray, second: np.ndarray, languages: np.ndarray, rng: np.random.Generator
    ) -> list[str]:
        """One text for each topic.

        Parameters
        ----------
        topics, second
            Topic, and a second topic that is mixed in (or None); (n,) of str.
        languages
            Position in `LANGUAGES` of each writer; (n,).
        """
        dice = _Dice(rng)
        return [
            self._text(topic, also, self._language(spoken, dice), dice)
            for topic, also, spoken in zip(topics, second, languages, strict=True)
        ]

    def comments(self, topics: np.ndarray, languages: np.ndarray, rng: np.random.Generator) -> list[str]:
        """Survey comments: shorter than other texts, one topic each."""
        dice = _Dice(rng)
        return [
            self._core(topic, self._language(spoken, dice), dice, short=0.6)
            for topic, spoken in zip(topics, languages, strict=True)
        ]

    def _language(self, spoken: int, dice: _Dice) -> str:
        name = LANGUAGES[int(spoken)]
        return name if name != "mixed" else dice.pick(("zh", "en"))

    def _text(self, topic: str, also: str | None, language: str, dice: _Dice) -> str:
        words = grammar(language)
        stop = "。" if language == "zh" else ". "
        parts = [self._core(topic, language, dice, short=0.2)]
        if also is not None:
            joiner = dice.pick(words["joiner"])
            parts.append(joiner + self._core(also, language, dice, short=0.5))
        if dice.roll() < 0.35:
            parts.insert(0, self._fill(dice.pick(words["opening"]), language, dice))
        if dice.roll() < 0.18:
            parts.append(self._fill(dice.pick(words["noise"]), language, dice))
        if dice.roll() < 0.35 and topic not in (PRAISE, NEUTRAL):
            parts.append(self._fill(dice.pick(words["closing"]), language, dice))
        text = stop.join(parts)
        if dice.roll() < 0.6:
            text += stop.strip() if dice.roll() < 0.75 else dice.pick(words["ending"])
        if dice.roll() < 0.04:
            text += dice.pick(words["emoji"])
        text = self._mistype(self._capitalize(text, language, dice), language, dice)
        if dice.roll() < 0.025:  # after the typos: a mistyped address could be somebody's
            text += stop + self._fill(dice.pick(words["contact"]), language, dice)
        return text

    def _core(self, topic: str, language: str, dice: _Dice, short: float) -> str:
        words = grammar(language)
        if topic in self.topics_of:
            topic = dice.pick(self.topics_of[topic])
        phrases = words["topics"][topic]
        if dice.roll() < short:
            return self._fill(dice.pick(phrases["short"]), language, dice)
        comma = "，" if language == "zh" else ", "
        clauses = [dice.pick(phrases["problem"])]
        if dice.roll() < 0.3:
            clauses.insert(0, dice.pick(words["time"]))
        if dice.roll() < 0.55:
            clauses.append(dice.pick(phrases["consequence"]))
        return self._fill(comma.join(clauses), language, dice)

    def _fill(self, phrase: str, language: str, dice: _Dice) -> str:
        if "{" not in phrase:
            return phrase
        return _SLOT.sub(lambda slot: self._word(slot.group(1), language, dice), phrase)

    def _word(self, slot: str, language: str, dice: _Dice) -> str:
        if slot == "n":
            return str(2 + int(dice.roll() * 9))
        if slot == "nn":
            return str(10 + int(dice.roll() * 89))
        if slot == "pct":
            return str(5 + int(dice.roll() * 31))
        if slot == "digits":
            return f"{int(dice.roll() * 10**4):04d}"
        choices = grammar(language)["slots"][slot]
        if isinstance(choices, dict):
            choices = choices[self.programme]
        return self._fill(dice.pick(choices), language, dice)

    @staticmethod
    def _capitalize(text: str, language: str, dice: _Dice) -> str:
        if language == "zh" or dice.roll() < 0.25:
            return text
        return ". ".join(part[:1].upper() + part[1:] for part in text.split(". "))

    @staticmethod
    def _mistype(text: str, language: str, dice: _Dice) -> str:
        if dice.roll() > 0.2 or len(text) < 6:
            return text
        if language == "zh":
            right, wrong = dice.pick(grammar("zh")["typos"])
            return text.replace(right, wrong, 1)
        position = 1 + int(dice.roll() * (len(text) - 3))
        pair = text[position : position + 2]
        if not pair.isalpha():
            return text
        typo = pair[1] + pair[0] if dice.roll() < 0.6 else pair[0]
        return text[:position] + typo + text[position + 2 :]
