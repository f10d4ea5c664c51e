"""Who left, and when in their life: rates, cohorts, life cycle, segments, strata, behaviour before leaving."""
