"""Who left, and when: rates, cohorts, life cycle, segments, strata, behaviour before churn."""
