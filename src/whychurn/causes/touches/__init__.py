"""Randomised touches as evidence of the cause: what an action aimed at one cause changes in leaving."""
