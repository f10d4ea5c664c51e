"""What members said in their own words: how much, how it sounded, which causes it named."""

from typing import Final

from whychurn.contract.causes import CAUSES
from whychurn.panel.features.windows import Trailing, running_sql

# exit surveys and interviews come after, or because of, churn: never a feature
SPOKEN: Final = """(SELECT * FROM voice
    WHERE p_none IS NOT NULL AND COALESCE(source, '') NOT IN ('survey_exit', 'survey_interview', 'interview'))"""
BLAMES: Final = -0.2  # a sentiment below this complains (the neutral band of voice/polarity.yaml)
SUMS: Final = (
    Trailing("texts_180d", "1", 180),
    Trailing("sentiment_sum", "sentiment", 180),
    *(Trailing(f"says_{cause}_180d", f"p_{cause}", 180) for cause in CAUSES),
)


def said_sql() -> str:
    """Texts, sentiment and causes named at the rows of ``risk``; a text counts from the day after."""
    says = ", ".join(f"says_{cause}_180d" for cause in CAUSES)
    complained = running_sql(SPOKEN, {"last_bad": ("MAX", f"CASE WHEN sentiment < {BLAMES} THEN day END")})
    return f"""
        WITH bad AS ({complained}),
        latest AS (
            SELECT r, sentiment FROM (
                SELECT r, sentiment,
                       ROW_NUMBER() OVER (PARTITION BY r ORDER BY day DESC, text_id DESC) AS place
                FROM risk JOIN {SPOKEN} said ON said.m = risk.m AND day < d
                WHERE sentiment IS NOT NULL)
            WHERE place = 1)
        SELECT r, texts_180d, sentiment_sum / NULLIF(texts_180d, 0) AS sentiment_mean_180d,
               sentiment AS sentiment_last, d - last_bad AS days_since_complaint_text, {says}
        FROM risk JOIN voice_sums USING (r) LEFT JOIN bad USING (r) LEFT JOIN latest USING (r)"""
