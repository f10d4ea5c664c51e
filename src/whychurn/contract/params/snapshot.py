"""One row per customer: which columns to use, how risk is cross-validated."""

from typing import Literal

from whychurn.contract.params.section_base import Count, Section, Several


class SnapshotParams(Section):
    """One row per customer: which columns to use, how risk is cross-validated."""

    tenure_unit: Literal["auto", "days", "months", "years"] = "auto"
    """Unit of snapshot.tenure; auto: from the name of its column, months where it says nothing."""
    keep: list[str] = []
    """Columns stated to be known before leaving, whatever the tests say of them."""
    leave_out: list[str] = []
    """Columns that the model does not see."""
    min_leavers: Count = 20
    """Fewer leavers (or stayers): no model."""
    folds: Several = 5
    """Parts of the customers; each is forecast by a model that learned from the others."""
    repeats: Count = 3
    """How often the parts are drawn anew; once from 20,000 customers on."""
