"""Cumulative incidence by cause, stated causes weighted for silence, elimination of a cause."""
