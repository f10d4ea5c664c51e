"""A plan carried out in futures of a simulated programme, beside plans that need no model and two that know the truth."""
