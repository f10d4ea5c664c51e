"""What the tables hold that could tell each cause: traces with an effect, answers, texts.

A cause is told from two kinds of grounds. *Words*: enough leavers said why, in surveys or texts; then all six
can be told, for any of them could have been said. *Traces*: without words, a cause is told only as far as one
of its exposures goes along with leaving (`exposure_effects`); the leavings that no exposure explains are of
unknown cause then, and a cause without such an exposure cannot be told at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from whychurn.causes.evidence.exposure_effects import exposure_effects
from whychurn.causes.evidence.noisy_labels import NoisyLabels
from whychurn.causes.evidence.spell_evidence import Evidence
from whychurn.contract.arrays import Array
from whychurn.contract.causes import CAUSES, LEAST_SAID
from whychurn.contract.params import CausesParams
from whychurn.contract.results import columns_of
from whychurn.panel.exit_surveys import NOT_ASKED
from whychurn.stats.multiple_testing import benjamini_hochberg

NAMES_A_CAUSE: Final = 0.1  # weight of the six causes in a leaver's texts from which on they say why
FALSE_SIGNS: Final = 0.01  # false discovery rate of exposures that alone tell a cause
COLUMNS: Final = columns_of("cause_grounds")


@dataclass(frozen=True)
class Grounds:
    """Grounds of the six causes.

    Parameters
    ----------
    effects
        `exposure_effects`, with ``sign`` (the exposure tells its cause without any words).
    answers, texts
        Leavers whose answer names one of the six, and whose texts name a cause.
    interviews
        Leavers drawn by lot who named one of the six when asked.
    """

    effects: pd.DataFrame
    answers: int
    texts: int
    interviews: int = 0

    @property
    def speak(self) -> bool:
        """Whether enough leavers said why."""
        return max(self.answers, self.texts, self.interviews) >= LEAST_SAID

    @property
    def told(self) -> Array:
        """Which of the six causes can be told; (6,)."""
        signs = set(self.effects.loc[self.effects["sign"], "cause"])
        return np.array([self.speak or cause in signs for cause in CAUSES])

    def applied(self, evidence: Evidence) -> Evidence:
        """`evidence` as the hazard is fitted to it.

        No exposure is assumed to explain more than the data allow it. Without words, those without a sign
        are left out, and so is what so few said that it tells nothing.
        """
        history, labels = evidence.history, evidence.labels
        allowed = self.effects["high"].fillna(0.0)
        if not self.speak:
            allowed = allowed.where(self.effects["sign"], 0.0)
            labels = NoisyLabels(
                np.full_like(labels.stated, NOT_ASKED),
                np.zeros_like(labels.texts_before_exit),
                np.zeros_like(labels.exit_texts),
            )
        share = dict(
            zip(zip(self.effects["cause"], self.effects["exposure"], strict=True), allowed, strict=True)
        )
        names = zip(history.causes, history.roots, strict=True)
        supported = np.array([share.get((CAUSES[cause], root), 1.0) for cause, root in names])
        return replace(evidence, labels=labels, history=replace(history, supported=supported))

    def settings(self, params: CausesParams) -> CausesParams:
        """Without words nothing is assumed of what exposures explain: only what the data say counts."""
        return params if self.speak else params.model_copy(update={"excess_prior": 0.0})

    def table(self) -> pd.DataFrame:
        """Table cause_grounds: one row a cause."""
        rows = []
        for cause, told in zip(CAUSES, self.told, strict=True):
            mine = self.effects[self.effects["cause"] == cause]
            best = (
                mine.nsmallest(1, "p_value") if mine["p_value"].notna().any() else mine.nlargest(1, "events")
            )
            figures = best[["exposure", "p_value", "share", "low", "high"]].to_numpy(dtype=object)
            strongest = figures[0] if len(figures) else [pd.NA, *[np.nan] * 4]
            counts = (self.answers, self.texts, len(mine), mine["p_value"].notna().sum(), mine["sign"].sum())
            rows.append((cause, bool(told), *(float(count) for count in counts), *strongest))
        return pd.DataFrame(rows, columns=COLUMNS).astype({"cause": "string", "exposure": "string"})


def find_grounds(evidence: Evidence) -> Grounds:
    """Grounds of the causes in `evidence`."""
    effects = exposure_effects(evidence.history, evidence.spells.first_week)
    adjusted = benjamini_hochberg(effects["p_value"].to_numpy("float64"))
    labels = evidence.labels.select(evidence.rows[evidence.churned])
    stated = labels.stated
    asked = evidence.interviews
    named = (labels.texts_before_exit + labels.exit_texts)[:, : len(CAUSES)].sum(axis=1)
    return Grounds(
        effects.assign(sign=adjusted <= FALSE_SIGNS),
        int(((stated >= 0) & (stated < len(CAUSES))).sum()),
        int((named >= NAMES_A_CAUSE).sum()),
        int((asked.by_lot & asked.named).sum()) if asked else 0,
    )
