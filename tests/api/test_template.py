"""The notebook that people copy runs as it is, and has the five headings of every notebook."""

from __future__ import annotations

import re
import runpy

import pytest

from whychurn.contract.paths import PROJECT

pytestmark = pytest.mark.xdist_group("api")
TEMPLATE = PROJECT / "notebooks" / "scratch" / "TEMPLATE.py"


def test_the_template_runs() -> None:
    found = runpy.run_path(str(TEMPLATE))
    assert len(found["after_90_days"]) > 1 and found["best"]["estimate"] >= found["worst"]["estimate"]


def test_the_template_has_the_headings_of_every_notebook() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    headings = re.findall(r"^# \*\*([^*]+)\.\*\*", text, re.MULTILINE)
    assert headings == ["Question", "Answer", "Confidence", "Evidence", "What this does not show"]
