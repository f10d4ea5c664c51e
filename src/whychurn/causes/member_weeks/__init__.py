"""Members by week: weeks at risk, what happened to each member in each week."""
