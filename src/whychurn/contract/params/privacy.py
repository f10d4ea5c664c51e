"""What protects members."""

from __future__ import annotations

from typing import Literal

from whychurn.contract.params.section import Count, Section


class PrivacyParams(Section):
    """What protects members."""

    pseudonymize: bool
    min_cell: Count
    missing_consent: Literal["allow", "deny"]
