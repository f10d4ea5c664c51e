"""Who the member is: tenure, term, age, season, tier, region; what was stated at joining."""

from collections.abc import Mapping
from itertools import pairwise

from whychurn.panel.features.catalogue import quoted

AGE_BANDS = (18, 25, 35, 45, 55, 65)


def terms_sql() -> str:
    """The current term at the rows of ``risk``: the latest one that began before the day.

    ``term_price_rise`` compares its list price with the member's first one of the same plan. A term without
    an end has no days to its end, until it is cancelled.
    """
    return """
        WITH begun AS (
            SELECT r, d, plan, list_price, price, auto_renew, cancelled, day,
                   ROW_NUMBER() OVER (PARTITION BY r ORDER BY day DESC, ends DESC, term_id DESC)
                       AS place,
                   COUNT(*) OVER (PARTITION BY r) AS terms,
                   MAX(COALESCE(ends, CASE WHEN cancelled < d THEN cancelled END, 1e9)) OVER (PARTITION BY r)
                       AS covered_to,
                   FIRST_VALUE(list_price) OVER (PARTITION BY r, plan
                                                 ORDER BY CASE WHEN list_price IS NULL THEN 1 ELSE 0 END,
                                                          day, ends, term_id) AS first_price
            FROM risk JOIN term ON term.m = risk.m AND day < d)
        SELECT risk.r, CASE WHEN covered_to < 1e9 THEN covered_to - risk.d END AS days_to_term_end, auto_renew AS auto_renews,
               terms - 1 AS renewals_so_far, price AS plan_price, plan,
               COALESCE(cancelled < risk.d, FALSE) AS cancelled_term,
               list_price / NULLIF(first_price, 0) - 1 AS term_price_rise
        FROM risk LEFT JOIN begun ON begun.r = risk.r AND place = 1"""


def profile_sql(tiers: Mapping[str, float], member_columns: list[str]) -> str:
    """Tenure, age, season, tier and profile at the rows of ``risk``.

    Parameters
    ----------
    tiers
        Tier -> spend of the last 365 days from which it is reached; below all: ``regular``.
    member_columns
        Further columns of members, stated to be known at joining.
    """
    study_columns = "".join(f", {quoted('own_' + name)} AS {quoted(name)}" for name in member_columns)
    return f"""
        SELECT r, risk.d - risk.joined AS tenure_days, spell_no, spell_no > 1 AS returned_before,
               year - birth_year AS age_years, {_age_band("year - birth_year")} AS age_band, month_of_year,
               member.gender, member.region, member.channel, member.marketing_consent,
               {_tier(tiers)} AS spend_tier,
               risk.joined AS joined_day{study_columns}
        FROM risk JOIN snapshot USING (k) JOIN member ON member.m = risk.m
        JOIN purchases USING (r)"""


def _age_band(age: str) -> str:
    bands = [f"WHEN {age} IS NULL THEN NULL WHEN {age} < {AGE_BANDS[0]} THEN '<{AGE_BANDS[0]}'"]
    for low, high in pairwise(AGE_BANDS):
        bands.append(f"WHEN {age} < {high} THEN '{low}-{high - 1}'")
    return f"CASE {' '.join(bands)} ELSE '{AGE_BANDS[-1]}+' END"


def _tier(tiers: Mapping[str, float]) -> str:
    steps = sorted(tiers.items(), key=lambda item: -item[1])
    cases = " ".join(f"WHEN spend_365d >= {float(floor)!r} THEN '{name}'" for name, floor in steps)
    return f"CASE {cases} ELSE 'regular' END" if cases else "'regular'"
