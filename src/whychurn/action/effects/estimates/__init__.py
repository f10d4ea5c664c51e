"""Efficacies from rows of tests by lot: design, sums, posterior, draws; arms compared; the course of an effect."""
