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
# # What keeps members
#
# Whom do we contact, with what, through which channel, what does it bring, and how do we know?

# %% [markdown] tags=["zh"]
# # 什么能留住会员
#
# 联系谁、用什么措施、经哪个渠道、带来什么，又是如何得知的？

# %%
from whychurn.labels import prose
from whychurn.report.action import charts
from whychurn.report.action.answer import answer, headlines
from whychurn.report.action.results import read_action
from whychurn.report.action.sentences import (
    effects,
    fairness,
    methods,
    next_tests,
    observed,
    plan,
    policies,
    warnings,
    winback,
)
from whychurn.report.page.components.numbers import clauses_closed
from whychurn.report.page.report_page import Page

page = Page.open()
results = read_action(page.study, page.params)
rows, beside = effects.effect_rows(results), policies.policy_rows(results)


def claims(lines, rung=None):
    for line in lines:
        page.claim(*((rung, line) if rung else line))


def show_table(table, name, rung, formats):
    if len(table):
        title, labels = page.say(f"action.table_{name}"), page.columns(table, "action")
        page.table(
            table, name=f"action-{name}", title=title, rung=rung, labels=labels, formats=formats, limit=12
        )


page.answer(answer(results, page))
for key, value, text, rung in headlines(results, page):
    page.headline(key, value, text, rung)
show_table(plan.plan_table(results, page), "plan", "attributed", plan.FORMATS)
claims(fairness.guard_lines(results, page), "attributed")
claims(plan.leave_alone_lines(results, page))
claims([plan.learning_line(results, page)], "described")
if len(beside):
    words = {"title": policies.policies_title(beside, page), "alt": page.say("action.policies_alt")}
    page.figure(
        charts.draw_policies(beside, page.lang, results.currency), rung=beside["rung"].iloc[0], **words
    )

# %% [markdown] tags=["en"]
# ## Confidence
#
# An effect is claimed from touches by lot only, where the groups are as large as drawn, everybody was followed long enough and the finding outlasts the
# number of actions read together. Gains of the plan lean further on the likely cause of each member, and stand on the rung *attributed*. A campaign that chose its
# members says what is possible and never enters a gain.

# %% [markdown] tags=["zh"]
# ## 把握
#
# 只有随机分配的触达才能说明效果：各组人数须与抽签一致，所有会员观察期满，并且在多项措施同时解读时结论依然成立。
# 计划的收益还依据每名会员的可能原因，因此只到“归因”一级。自行挑选会员的活动只能说明可能的范围，从不计入收益。

# %%
said = {"described": plan.money_line(results, page), "attributed": policies.budget_line(results, page)}
claims([(rung, line) for rung, line in said.items() if line])
claims([line for line in [policies.unmeasured_line(results, page)] if line], "described")
claims(fairness.mismatch_lines(results, page), "described")
claims(next_tests.test_lines(results, page), "described")

# %% [markdown] tags=["en"]
# ## Effects of actions
#
# Members kept of 1,000 contacted. Intervals are widened so that they hold for all actions read together (Benjamini and Yekutieli 2005); the table gives the smallest
# effect that a test of its size finds four times in five.

# %% [markdown] tags=["zh"]
# ## 各项措施的效果
#
# 每触达 1,000 人多留住几人。区间已放宽，对所有措施同时成立（Benjamini 与 Yekutieli 2005）；表中列出这种规模的实验五次中能发现四次的最小效果。

# %%
claims(effects.effect_lines(rows, results, page))
claims(effects.unshown_lines(rows, page))
if len(rows):
    words = {
        "title": prose(clauses_closed(effects.effects_title(rows, page)), page.lang),
        "alt": page.say("action.effects_alt"),
    }
    page.figure(charts.draw_effects(rows, page.lang), rung=effects.weakest_rung(rows["rung"]), **words)
show_table(effects.effect_table(rows, page), "effects", effects.weakest_rung(rows["rung"]), effects.FORMATS)
show_table(fairness.test_table(results, page), "fair", "described", fairness.TEST_FORMATS)

# %% [markdown] tags=["en"]
# ## What looking every week does
#
# The usual interval is valid for one look. The wider one holds at every look, so a test may end when it leaves zero out.

# %% [markdown] tags=["zh"]
# ## 每周查看的后果
#
# 通常的区间只适用于看一次。较宽的区间在任何时候查看都成立，因此一旦不含 0 就可以结束实验。

# %%
for name, path in charts.peeks_of(results["action_peeks"]):
    words = {"title": charts.peeks_title(path, name, page), "alt": page.say("action.peeks_alt")}
    page.figure(charts.draw_peeks(path, page.lang), rung="described", **words)

# %% [markdown] tags=["en"]
# ## Believed and measured, by cause
#
# The playbook says at which cause an action is aimed and what was believed of it before any test. Remedies that are no contact have a ceiling instead: what
# mending the cause could avoid at most.

# %% [markdown] tags=["zh"]
# ## 按原因：原先的判断与实测
#
# 措施清单说明每项措施针对哪种原因，以及实验之前的判断。不属于触达的改进则给出上限：改进该原因最多可避免多少流失。

# %%
show_table(fairness.belief_table(results, page), "belief", "attributed", fairness.BELIEF_FORMATS)
show_table(fairness.ceiling_table(results, page), "programme", "attributed", fairness.BELIEF_FORMATS)

# %% [markdown] tags=["en"]
# ## Early warning
#
# An alert counts as early only if the member was still there after it.

# %% [markdown] tags=["zh"]
# ## 流失预警
#
# 只有发出预警之后会员仍然在会，才算及早预警。

# %%
claims(warnings.quality_lines(results, page), "associated")
show_table(warnings.quality_table(results, page), "warnings", "associated", warnings.FORMATS)

# %% [markdown] tags=["en"]
# ## Win-back
#
# What counts is the second stay, less what returns by itself.

# %% [markdown] tags=["zh"]
# ## 召回
#
# 计算的是再次入会的价值，并减去自行回流的部分。

# %%
claims(winback.winback_lines(results, page), "attributed")
show_table(winback.winback_table(results, page), "winback", "attributed", winback.FORMATS)

# %% [markdown] tags=["en"]
# ## Tests to run next
#
# `whychurn action size ACTION` gives the size of any other test, `whychurn action read CAMPAIGN` reads one out.

# %% [markdown] tags=["zh"]
# ## 下一步实验
#
# `whychurn action size ACTION` 给出其他实验所需的规模，`whychurn action read CAMPAIGN` 给出某次实验的结果。

# %%
show_table(next_tests.size_table(results, page), "sizes", "described", next_tests.FORMATS)

# %% [markdown] tags=["en"]
# ## Campaigns without lot, and how effects are estimated
#
# Bounds allow for unseen selection of moderate strength (Tan 2006). Methods are compared forward in time: earlier waves teach, later waves test. Each stands beside
# its own null, the same score with treatments permuted.

# %% [markdown] tags=["zh"]
# ## 未随机的活动，以及效果如何估计
#
# 范围已计入中等强度的未知选择（Tan 2006）。各方法按时间向前比较：较早的轮次用于学习，较晚的用于检验；每种方法旁边是其自身的零分布，即打乱措施分配后的同一评分。

# %%
claims(observed.observed_lines(results, page), "associated")
show_table(observed.observed_table(results, page), "observed", "associated", observed.FORMATS)
show_table(methods.method_table(results, page), "methods", "described", methods.FORMATS)

# %% [markdown] tags=["en"]
# ## What this does not show
#
# - Not why one member acts as he or she does, and not what a better product or a lower price would change: those are no touches.
# - No effect beyond the time that tests were followed; half-lives that tests could not tell are assumed.
# - Nothing of members who refused profiling or marketing: they are in no list and in no gain.
# - Not that an unproven action does nothing: a small test leaves much possible.
# - Not what members do to each other: where a contact also reaches friends or family who were held out, the difference is too small.

# %% [markdown] tags=["zh"]
# ## 本页没有说明什么
#
# - 没有说明某一名会员为何如此行动，也没有说明改进产品或降价会带来什么：这些不是触达。
# - 没有说明观察期以外的效果；实验无法判断的半衰期为假定值。
# - 没有涉及拒绝画像或拒绝营销的会员：他们不进任何名单，也不计入收益。
# - 尚未证实不等于没有效果：小规模实验留下的可能性很大。
# - 没有涉及会员之间的相互影响：若触达也影响到对照组中的亲友，测得的差别会偏小。
