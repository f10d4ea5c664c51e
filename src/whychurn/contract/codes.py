"""Codes in columns of results files, for the folders that write them and the pages that read them."""

from typing import Final

# retention: column stage
LIFECYCLE_STAGES: Final = (
    "recruited", "activated", "nurtured", "repeat", "loyal", "at_risk", "lapsed", "won_back",
)  # fmt: skip
# risk: column model, the served one first
RISK_MODEL: Final = "xgboost"
RISK_BASELINES: Final = ("logistic", "tree", "recency", "prior")
RISK_MODELS: Final = (RISK_MODEL, *RISK_BASELINES)
# voice: column source of triangulation, method of text_cause_check, topic_id of an alert about all texts
TRIANGULATION_SOURCES: Final = ("texts", "interviews", "survey_comments", "survey_reasons", "behaviour")
TEXT_CLASSIFIERS: Final = ("majority", "keywords", "lexicon", "learned", "pooled")
ALL_TEXTS: Final = -2
# score: planted values and rows about all causes together in cause_scores; baselines in column method
PLANTED: Final = "planted"
ALL_CAUSES: Final = "all"
PRIOR: Final = "prior"
MAJORITY: Final = "majority"
CEILING: Final = "ceiling"
ORACLE: Final = "oracle"
# cards of members: what staff note, and the file of it
OUTCOMES: Final = ("done", "not_reached", "other")
OUTCOME_COLUMNS: Final = ("member_id", "as_of", "action", "outcome", "reason", "noted_on")
# survival: bounds that its tables and the sentences about them share
MAX_LEFT_TRUNCATION_DAYS: Final = 14  # a curve that begins later is conditional: it has no mean, no median
MIN_HAZARD_RATIO_CHANGE: Final = 1.25  # early to late; a smaller change is no failure of proportional hazards
