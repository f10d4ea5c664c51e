"""Cox regression: counting process, partial likelihood, tests of its assumptions."""
