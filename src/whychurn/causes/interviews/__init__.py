"""Leavers drawn by lot and asked: their answers, the shares that rest on them, what more of them would tell."""
