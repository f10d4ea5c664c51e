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

# %% [markdown] tags=["en"]
# # How long members stay
#
# When do members leave, what shortens or lengthens the stay, and from which cause does it end?

# %% [markdown] tags=["zh"]
# # 会员会停留多久
#
# 会员在什么时候离开？什么会缩短或延长停留？停留因何种原因结束？

# %%
from whychurn.delivery.page import Page
from whychurn.survival import cause_story, figures, story

page = Page.open()
facts, own = page.facts("survival"), page.params.survival
page.answer(story.answer(facts, page))
for key, value, text, rung in story.headlines(facts, page):
    page.headline(key, value, text, rung=rung)


def show_table(table, name, rung="described", limit=12):
    labels, title = story.columns(table, page), page.say(f"survival.table_{name}")
    page.table(
        table,
        name=f"survival-{name}",
        title=title,
        rung=rung,
        labels=labels,
        formats=story.FORMATS | cause_story.FORMATS,
        limit=limit,
    )


def show_figure(figure, name, rung="described", note=None):
    words = {"title": page.say(f"survival.figure_{name}"), "alt": page.say(f"survival.alt_{name}")}
    page.figure(figure, **words, rung=rung, note=page.say(f"survival.{note}") if note else None)


# %% [markdown] tags=["en"]
# ## Confidence
#
# What counts as the end of a stay, who was followed from when to when, and whether another definition would say something else.

# %% [markdown] tags=["zh"]
# ## 可信度
#
# 怎样算停留结束？每位会员从何时观察到何时？换一种定义结论是否不同？

# %%
definitions = page.results("survival_definitions")
for line in story.confidence(facts, definitions, page):
    page.claim("described", line)
show_table(story.definitions_table(definitions, page), "definitions")
if len(effects := page.results("survival_sensitivity")):
    names = {name: story.definition_name(name, page) for name in definitions["definition"]}
    show_figure(figures.draw_sensitivity(effects, names, page.lang), "sensitivity", "associated")

# %% [markdown] tags=["en"]
# ## How long they stay
#
# The curve shows which share of the members is still there after each day. Few are followed for long: the numbers below say how many.

# %% [markdown] tags=["zh"]
# ## 会停留多久
#
# 曲线表示入会后每一天仍在会的比例。能观察很久的会员不多，下方数字为各时点的观察人数。

# %%
curves, means = page.results("survival_curves"), page.results("survival_means")
if len(curves):
    show_figure(figures.draw_stay(curves, page.lang), "stay")

# %% [markdown] tags=["en"]
# ## Who stays longer
#
# Groups are compared over the whole of their stays, not at one day. A difference says that the groups go along with
# longer or shorter stays, not that they make them so.

# %% [markdown] tags=["zh"]
# ## 谁停留得更久
#
# 比较的是各群体停留的全过程，而不是某一天。差异只说明某个群体与停留长短同时出现，并不说明是它造成的。

# %%
tests = page.results("survival_tests")
for line in story.strata(tests, facts, page, 4):
    page.claim("described", line)
if facts["differ"]:
    show_figure(figures.draw_strata(curves, facts["differ"], page.lang), "strata", note="note_strata")
show_table(story.means_table(means, page), "means")
show_table(story.tests_table(tests, page), "tests")

# %% [markdown] tags=["en"]
# ## When in a stay they leave
#
# The line shows how many of the members who are still there leave on a day. Marked are the moments at which more leave than in the weeks
# around them, or more than of like members.

# %% [markdown] tags=["zh"]
# ## 停留期间什么时候离开
#
# 曲线表示仍在会的会员每天有多少人离开。标出的是离开人数高于前后各周（或高于同类会员）的时点。

# %%
hazard, nodes = page.results("survival_hazard"), page.results("key_nodes")
for line in story.peak(hazard, page):
    page.claim("described", line)
if hazard["leavers"].gt(0).any():
    show_figure(figures.draw_hazard(hazard, story.key_moments(nodes, tenure=True), page.lang), "hazard")
if len(others := story.key_moments(nodes, tenure=False)):
    names = story.moments(others, page)
    show_figure(figures.draw_moments(others, names, page.lang), "moments", rung="associated")

# %% [markdown] tags=["en"]
# ## From which cause
#
# Every member who leaves, leaves from one cause first. The areas add up to all who have left; what lies above them is still there.

# %% [markdown] tags=["zh"]
# ## 因何种原因离开
#
# 每位离开的会员都先因某一种原因离开。各色面积之和为全部离开者，其上方为仍在会的会员。

# %%
page.unanswered("stated_reasons")
attributed = page.results("attributed_incidence")
found = attributed is not None and len(attributed) > 0
incidence = attributed if found else page.results("cause_incidence")
rung = "attributed" if found else "described"
for line in [*cause_story.source(facts, found, page), *cause_story.largest(incidence, found, page)]:
    page.claim(rung, line)
if len(incidence):
    show_figure(figures.draw_incidence(incidence, page.lang), "incidence", rung)
    show_table(cause_story.incidence_table(incidence, own.stay_days, page), "incidence", rung)
    groups = cause_story.strata_rows(incidence, cause_story.YEAR, own.late_days)
    for line in cause_story.differing(groups, page, 4):
        page.claim(rung, line)
    if len(groups) > len(groups["cause"].unique()):
        show_figure(figures.draw_cause_strata(groups, page.lang), "cause_strata", rung)
if not found and len(shares := page.results("stated_shares")):
    show_table(cause_story.stated_table(shares, page), "stated")

# %% [markdown] tags=["en"]
# ## If one cause were removed
#
# Nobody would leave from it any more, but members who are saved go on to meet the other causes. The gain is therefore smaller than the number
# of those who left from it. It also supposes that the causes strike independently of each other.

# %% [markdown] tags=["zh"]
# ## 如果去除某一种原因
#
# 不再有人因此离开，但被挽回的会员仍会遇到其他原因，因此收益小于原先因此离开的人数。这里还假定各种原因彼此独立。

# %%
table = page.results("attributed_removal") if found else page.results("cause_removal")
if table is not None and len(days := table[table["measure"] == "days"]):
    for line in cause_story.removal(table, page):
        page.claim("associated", line)
    show_figure(figures.draw_removal(days, page.lang), "removal", "associated")
    show_table(cause_story.removal_table(table, page), "removal", "associated")

# %% [markdown] tags=["en"]
# ## What this does not show
#
# - Not what would keep anybody: groups and hazards go along with leaving, they need not cause it.
# - Nothing of stays longer than the data cover, and little of those who joined long before the data begin: of
#   them only the ones who were still there are known.

# %% [markdown] tags=["zh"]
# ## 本报告没有说明什么
#
# - 没有说明怎样能留住会员：群体特征和风险只是与离开同时出现，未必是原因。
# - 无法说明比数据更长的停留；早在数据之前入会的会员，也只知道当时仍在会的那一部分。
