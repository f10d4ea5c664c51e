"""Tests for leakage from the future."""
