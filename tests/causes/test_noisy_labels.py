"""What counts as evidence of the cause: answers and texts, but nothing that was said because a lot was drawn."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from whychurn.causes.evidence.noisy_labels import P_COLUMNS, read_noisy_labels

START = pd.Timestamp("2024-01-01")


def test_comments_of_interviews_drawn_by_lot_are_no_evidence() -> None:
    """Were they, those asked would be known better than all others, and the draw could not check the model."""
    last = START + pd.Timedelta(days=100)
    spells = pd.DataFrame(
        {"member_id": ["a", "b"], "spell_no": 1, "last_active_on": last, "returned_on": pd.NaT}
    )
    spells["returned_on"] = pd.to_datetime(spells["returned_on"])
    table = spells.assign(churned=True, last=100, entered=0)
    calendar = SimpleNamespace(days=365, day=lambda days: (days - START).dt.days)
    price = dict.fromkeys(P_COLUMNS, 0.0) | {"p_price": 1.0}
    said = {"known_on": last + pd.Timedelta(days=60), **price}
    texts = pd.DataFrame(
        [
            {"member_id": "a", "source": "survey_interview", **said},
            {"member_id": "b", "source": "interview", **said},
        ]
    )
    surveys = pd.DataFrame(columns=["member_id", "kind", "sent_at", "answered_at", "reason"])
    labels = read_noisy_labels(SimpleNamespace(table=table), spells, surveys, texts, calendar)
    assert not labels.texts_before_exit.any()
    assert labels.exit_texts.sum(axis=1).tolist() == [0, 1]
    assert np.argmax(labels.exit_texts[1]) == list(P_COLUMNS).index("p_price")
