# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Copy me: a question in one line
#
# git ignores everything in this folder but this file. Copy it, change the question, and keep the five headings.
#
# **Question.** Do members of one channel stay longer than those of another?

# %%
import pandas as pd

import whychurn

# a study: tables = whychurn.open("folder").tables; files or frames: whychurn.load(...)
tables = whychurn.simulate(members=600, months=18).tables
members = tables["members"][["member_id", "channel"]]
stays = whychurn.spells(tables).merge(members, on="member_id")
curves = whychurn.kaplan_meier(stays, by="channel")
after_90_days = curves[curves["day"] == 90].set_index("channel").sort_values("estimate", ascending=False)
after_90_days

# %% [markdown]
# **Answer.** One sentence with the number in it, made from the results so that it cannot go stale.

# %%
best, worst = after_90_days.iloc[0], after_90_days.iloc[-1]
f"After 90 days {best['estimate']:.0%} of those who joined by {best.name} are still there, {worst['estimate']:.0%} by {worst.name}."

# %% [markdown]
# **Confidence.** *Described*: counted. Do the intervals overlap?

# %%
overlap = best["low"] <= worst["high"]
"The intervals overlap: this may be chance." if overlap else "The intervals lie apart."

# %% [markdown]
# **Evidence.** The table behind the answer, and something else that would show it.

# %%
gone = stays.groupby("channel")["churned"].agg(["mean", "size"])
pd.concat([after_90_days[["estimate", "low", "high", "at_risk"]], gone], axis=1)

# %% [markdown]
# **What this does not show.** Who joins by which channel is no chance: it stands beside the stay and need not make it
# longer or shorter. `whychurn.hazard_ratios` holds other things equal; `whychurn.attribute` weighs causes.
