"""Money: what a member is worth, and what keeping one costs."""

from typing import Literal

from whychurn.contract.params.section_base import Days, Fraction, Money, NotNegative, Section, Share


class BusinessParams(Section):
    """Money behind value at risk, lifetime value and the choice of whom to contact."""

    margin_rate: Share = 0.3
    """Margin on spend."""
    contact_cost: Money = 5.0
    """Cost of contacting a member."""
    saved_share: Share = 0.1
    """Assumed share of contacted leavers who stay."""
    capacity: Fraction = 0.05
    """Share of members that can be contacted."""
    value_days: Days = 365
    """Horizon of value."""
    discount_rate: NotNegative = 0.08
    """Discount of later margin, a year."""
    high_risk: Share | Literal["auto"] = "auto"
    """From this probability on a member counts as at high risk; auto: twice the mean of all scored, at most 0.5."""
