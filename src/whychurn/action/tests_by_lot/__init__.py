"""Tests by lot: who was drawn, who was held out, what came of both, and how large the next test must be."""
