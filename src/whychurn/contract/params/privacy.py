"""What protects members."""

from typing import Literal

from whychurn.contract.params.section_base import Count, Section


class PrivacyParams(Section):
    """What protects members."""

    pseudonymize: bool = True
    """Replace ids by keyed pseudonyms; false only for ids that are pseudonyms already."""
    min_cell: Count = 10
    """Smallest number of members behind a figure that is shown."""
    missing_consent: Literal["auto", "allow", "deny"] = "auto"
    """Whether a member with no profiling_consent recorded may be profiled; auto: only where members has no such
    column."""
