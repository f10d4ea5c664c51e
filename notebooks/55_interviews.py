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
# # Asked by lot
#
# What do leavers say who were drawn by lot and asked, how far does that move the shares of the causes, and what would more answers tell?

# %% [markdown] tags=["zh"]
# # 抽样回访
#
# 随机抽取并询问的流失会员怎么说？各原因的占比因此改变多少？更多人作答还能说明什么？

# %%
from whychurn.report.causes import charts as figures
from whychurn.report.causes.sentences import interviews as sentences
from whychurn.report.causes.sentences import touches
from whychurn.report.causes.sentences.shares import rung_of
from whychurn.report.page.report_page import Page

page = Page.open()
facts, results = page.facts("causes"), page.rows
shares, sources, plan = results("cause_shares"), results("cause_interviews"), results("interview_plan")
drawn = sentences.by_lot(facts)


def show_table(table, name, rung):
    words = {"title": page.say(f"interviews.table_{name}"), "labels": page.columns(table, "interviews")}
    if len(table):
        page.table(table, name=f"interviews-{name}", rung=rung, formats=sentences.FORMATS, **words)


page.answer(sentences.answer(shares, plan, facts, page))
if drawn:
    named = sentences.interview_facts(facts)["named_by_lot"]
    text = page.say("interviews.head_lot", named=page.format(named, "int"))
    page.headline("how_sure.asked_by_lot", named, text)
    words = {name: page.say(f"interviews.{name}_sources") for name in ("figure", "alt")}
    page.figure(
        figures.draw_sources(sources, page.lang),
        title=words["figure"],
        alt=words["alt"],
        rung="attributed",
        found=sentences.moved_lines(sources, page),
    )
    show_table(sentences.source_table(sources, page), "sources", "attributed")

# %% [markdown] tags=["en"]
# ## Confidence
#
# A share rests on the lot and not on the model: whatever makes members leave, those drawn stand for the others. Chances of being drawn may
# differ, as long as they are recorded. What the model says of everybody makes the estimate sharper, and cannot bias it. Two things can:
# who keeps silent, and what leavers do not say.

# %% [markdown] tags=["zh"]
# ## 把握
#
# 占比依据的是抽样，而不是模型：无论会员因何离开，被抽中的人都代表其余的人。抽中概率可以不同，只要记录下来。
# 模型对全体会员的判断使估计更精确，但不会使它产生偏差。会造成偏差的只有两点：谁不作答，以及流失会员没有说出的内容。

# %%
page.claims("described", sentences.asked_lines(facts, page))
page.claims("described", sentences.silence_lines(shares, facts, page))

# %% [markdown] tags=["en"]
# ## The price of knowing
#
# How wide intervals would be with more leavers drawn by lot who say why. Draw them with `whychurn ask --budget 200`. The part of an interval that
# silence leaves open does not shrink: reminders and a second call do that.

# %% [markdown] tags=["zh"]
# ## 了解真相的代价
#
# 若再随机抽取更多流失会员并得到作答，区间会有多宽。抽样命令：`whychurn ask --budget 200`。未作答造成的那部分不确定不会因此缩小，需要提醒或再次致电。

# %%
page.claims(rung_of(facts), sentences.price_lines(plan, page))
show_table(plan, "plan", rung_of(facts))

# %% [markdown] tags=["en"]
# ## Actions given by lot
#
# If an action that is aimed at one cause keeps members, that cause takes at least as many. If it changes nothing, the action may do nothing. Shares
# elsewhere in this report leave this evidence out: few tests are large enough to move them.

# %% [markdown] tags=["zh"]
# ## 随机实施的措施
#
# 针对某一原因的措施若留住了会员，说明该原因至少造成同样多的流失；若毫无变化，可能只是措施无效。
# 本报告其他各处的占比未计入这些证据：很少有实验大到足以改变占比。

# %%
tests = results("cause_touches")
page.claims("described", touches.status_lines(facts, page))
page.claims("caused", touches.effect_lines(tests, page))
page.claims(rung_of(facts), touches.share_lines(tests, page))
page.claims("described", [*touches.unshown_lines(tests, page), *touches.note_lines(tests, page)])
table = touches.compared_table(tests, page)
if len(table):
    words = {"title": page.say("touches.table_tests"), "labels": page.columns(table, "touches")}
    page.table(table, name="touches-tests", rung="caused", formats=touches.FORMATS, **words)

# %% [markdown] tags=["en"]
# ## What this does not show
#
# - Not why one leaver left beyond doubt: people simplify, and coders mishear.
# - Not what would have kept them: that takes a randomised test.
# - Nothing of those who left before or after the period that the lot was drawn from, but what traces say of the change.
# - Nothing of members who do not agree to profiling: they are neither drawn nor counted here.

# %% [markdown] tags=["zh"]
# ## 本页没有说明什么
#
# - 没有断定某一名流失会员离开的原因：人会简化，编码者也会听错。
# - 没有说明怎样才能留住他们：这需要随机对照实验。
# - 没有涉及抽样时段以外的流失，只有行为痕迹显示的变化。
# - 没有涉及不同意画像的会员：他们既不参与抽样，也不计入此处。
