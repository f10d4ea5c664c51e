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
# # Who left, and when in their life
#
# How many members leave, at which point of their membership, in which groups, and what did they do before?

# %% [markdown] tags=["zh"]
# # 谁流失了，在会员生命的哪个阶段
#
# 有多少会员流失？发生在会员生命的哪个阶段、哪些人群？流失之前他们的行为有什么变化？

# %%
from whychurn.report.page.report_page import Page
from whychurn.report.retention import charts as figures
from whychurn.report.retention.sentences import captions, overview
from whychurn.report.retention.sentences.tables import FORMATS, report_table

page = Page.open()
facts, level = page.facts("retention"), page.params.run.false_discovery
empty = facts.get("empty", {})
page.answer(overview.answer(facts, page))
for key, value, text, rung in overview.headlines(facts, page):
    page.headline(key, value, text, rung=rung)


def show_table(name, file, rung, rows=None, limit=15):
    cells = page.results(file) if rows is None else rows
    table = report_table(cells, name, page, page.params.privacy.min_cell)
    more = {"labels": page.columns(table, "retention"), "formats": FORMATS, "limit": limit}
    page.table(table, name=f"retention-{name}", title=page.say(f"retention.table_{name}"), rung=rung, **more)


def show_figure(figure, name, rung, note=None, found=()):
    words = {"title": page.say(f"retention.figure_{name}"), "alt": page.say(f"retention.alt_{name}")}
    page.figure(figure, **words, rung=rung, note=page.say(f"retention.{note}") if note else None, found=found)


# %% [markdown] tags=["en"]
# ## Confidence
#
# Everything here depends on what counts as having left. The whole count was therefore repeated with other waiting times.

# %% [markdown] tags=["zh"]
# ## 把握
#
# 这里的一切都取决于怎样才算“流失”，因此全部统计又用其他判定天数重做了一遍。

# %%
sensitivity = page.results("definition_sensitivity")
page.claims("described", overview.confidence(facts, sensitivity, page))
if len(sensitivity):
    show_table("sensitivity", "definition_sensitivity", "described")

# %% [markdown] tags=["en"]
# ## Rates
#
# Month by month, by members and by the money they stand for.

# %% [markdown] tags=["zh"]
# ## 各项比率
#
# 逐月统计，按人数，也按其代表的金额。

# %%
rates = page.results("retention_rates")
main = rates[rates["definition"] == facts["definition"]]
page.claims("described", [*overview.definitions(main["measure"].tolist(), page), overview.dated(facts, page)])
monthly = main[main["period_kind"] == "month"]
if monthly["rate"].notna().any():
    found = captions.month_ends(monthly, page)
    show_figure(figures.draw_rates(monthly, page.lang), "rates", "described", "says_partial", found)
show_table("rates", "retention_rates", "described", rows=main[main["period_kind"] != "month"])
seasons = page.results("season_comparison")
page.claims("described", overview.season(seasons, page))
if len(seasons):
    show_table("season", "season_comparison", "described", limit=6)
page.unanswered("renewal")

# %% [markdown] tags=["en"]
# ## Cohorts
#
# Each row is a month of joining; reading to the right, its members grow older.

# %% [markdown] tags=["zh"]
# ## 入会批次
#
# 每一行是一个入会月份，向右看是这批会员随时间的留存。

# %%
cohorts = page.results("cohorts")
if cohorts["rate"].notna().any():
    found = captions.cohort_ends(cohorts, page)
    show_figure(figures.draw_cohorts(cohorts, page.lang), "cohorts", "described", "note_cohorts", found)
    if cohorts["revenue_rate"].notna().any():
        money = figures.draw_cohorts(cohorts, page.lang, "revenue_rate")
        found = captions.cohort_revenue(cohorts, page)
        show_figure(money, "cohorts_revenue", "described", "note_cohorts_revenue", found)
else:
    page.claim("described", page.say("retention.empty_few"))

# %% [markdown] tags=["en"]
# ## Life cycle
#
# Each member stands in exactly one stage at a time: recruited (joined), activated (first purchase or use), nurtured (in contact since),
# repeat, loyal, at risk (quiet), lapsed, won back. A loss is booked in the stage in which the silence began.

# %% [markdown] tags=["zh"]
# ## 生命周期
#
# 每位会员在任一时刻只处于一个阶段：已招募（入会）、已激活（首次消费或使用）、培育中（此后仍有互动）、复购、忠诚、
# 有流失风险（沉默）、已流失、已回流。流失记在沉默开始时所处的阶段。

# %%
sizes, moves, steps = (page.results(name) for name in ("lifecycle_sizes", "lifecycle", "lifecycle_steps"))
if sizes["share"].notna().any():
    found = captions.stage_leaders(sizes, page)
    show_figure(figures.draw_stages(sizes, page.lang), "stages", "described", "note_stages", found)
pooled = moves[moves["month"].isna()]
if len(pooled):
    found = captions.move_ends(pooled, page)
    show_figure(figures.draw_moves(pooled, page.lang), "moves", "described", found=found)
if steps["members_lost"].fillna(0).gt(0).any():
    drawn = figures.draw_steps(steps, page.lang, page.params.study.currency)
    show_figure(drawn, "steps", "described", found=captions.step_leaders(steps, page))
show_table("steps", "lifecycle_steps", "described")
again = page.results("second_purchase")
if again["share"].notna().any():
    drawn, found = figures.draw_second_purchase(again, page.lang), [overview.second(again, page)]
    show_figure(drawn, "second", "described", found=found)
else:
    page.claim("described", page.say(f"retention.{empty.get('second_purchase', 'empty_few')}"))

# %% [markdown] tags=["en"]
# ## Key nodes
#
# At which moments do more members leave than around them? After a complaint, an expired offer, a return or an app fault, members are
# compared with others of the same month, silence, tenure and spend. That is more than counting, and still no proof of a cause.

# %% [markdown] tags=["zh"]
# ## 关键节点
#
# 哪些时点流失会员明显多于前后？投诉、优惠到期、退货、应用故障之后的会员，与同一月份、沉默天数、会龄和消费相近的会员比较。
# 这比单纯计数更进一步，但仍不能证明因果。

# %%
nodes = page.results("key_nodes")
clocks, after = nodes[nodes["unit"] == "days"], nodes[nodes["unit"] == "days_after"]
if clocks["rate"].notna().any():
    found = overview.nodes(clocks, page, most=2)
    show_figure(figures.draw_hazard(clocks, page.lang), "hazard", "described", "note_hazard", found)
if after["ratio"].notna().any():
    found = overview.nodes(after, page, most=8)
    show_figure(figures.draw_triggers(after, page.lang), "triggers", "associated", found=found)
page.claims("associated", overview.nodes(nodes[~nodes["unit"].isin(["days", "days_after"])], page, most=8))
if nodes["is_node"].any():
    show_table("nodes", "key_nodes", "associated")

# %% [markdown] tags=["en"]
# ## Groups
#
# Members who agreed to profiling, as they stood at the start of the last 12 months. Many groups are compared at once, so a difference
# counts only after the Benjamini-Hochberg correction.

# %% [markdown] tags=["zh"]
# ## 各类人群
#
# 只看同意画像的会员，按最近 12 个月开始时的情况分组。同时比较的人群很多，差异须经 BH 校正后才算数。

# %%
strata, segments = page.results("strata"), page.results("segments")
if strata["rate"].notna().any():
    found = overview.strata(strata, page, level, most=5)
    show_figure(figures.draw_strata(strata, page.lang), "strata", "described", found=found)
    show_table("strata", "strata", "described")
else:
    page.claim("described", page.say(f"retention.{empty.get('strata', 'empty_few')}"))
if segments["rate"].notna().any():
    found = overview.value(segments, page)
    show_figure(figures.draw_segments(segments, page.lang), "segments", "described", found=found)
    show_table("segments", "segments", "described", limit=20)

# %% [markdown] tags=["en"]
# ## Region, category, market and campaigns
#
# Spend now against a year earlier (or the weeks before, where the data are shorter), beside what rivals did. Before and after a campaign
# is a count: those it chose may have been about to buy anyway; compare with the held-out group where there is one.

# %% [markdown] tags=["zh"]
# ## 地区、品类、市场与活动
#
# 最近的消费与一年前（数据较短时与之前几周）相比，并列出竞品情况。活动前后只是统计：被选中的会员也许本来就要购买；有对照组时请与对照组比较。

# %%
regions, campaigns = page.results("region_category"), page.results("campaigns")
if regions["change"].notna().any():
    found = overview.decline(regions, page)
    show_figure(figures.draw_regions(regions, page.lang), "regions", "described", found=found)
    show_table("regions", "region_category", "described", limit=10)
else:
    page.claim("described", page.say(f"retention.{empty.get('region_category', 'empty_few')}"))
if len(campaigns):
    show_table("campaigns", "campaigns", "described", limit=10)
else:
    page.claim("described", page.say("retention.empty_campaigns"))

# %% [markdown] tags=["en"]
# ## Behaviour before leaving
#
# Each leaver is compared with members of the same week, tenure and spend who stayed. Both are counted back from a day on which they were
# there, so the silence after it plays no part. A precursor is a change against the leavers' own usual level that stays clear of zero.

# %% [markdown] tags=["zh"]
# ## 离开之前的行为
#
# 每位流失会员都与同一周、会龄和消费相近而留下的会员比较。双方都从“当天确实在场”的某一天往前数，之后的沉默不会混入。
# 先兆是指相对自身平时水平的变化，并且持续明显不为零。

# %%
study, signs = page.results("event_study"), page.results("leading_indicators")
if study["difference"].notna().any():
    found = overview.precursors(signs, page)
    show_figure(figures.draw_study(study, page.lang), "study", "associated", found=found)
    if len(signs):
        show_table("precursors", "leading_indicators", "associated")
else:
    page.claim("described", page.say(f"retention.{empty.get('event_study', 'empty_few')}"))

# %% [markdown] tags=["en"]
# ## What this does not show
#
# Not why members left: a group with high churn, a moment with many departures, a behaviour that announces them are traces, not causes.
# Not what would have kept them: that needs a randomised test. Members who went quiet lately are not counted as gone yet, and
# members without consent appear in totals only.

# %% [markdown] tags=["zh"]
# ## 这份报告没有说明什么
#
# 没有说明会员为什么离开：流失高的人群、离开集中的时点、预示流失的行为，都只是行为痕迹，不是原因。
# 也没有说明怎样才能留住他们：那需要随机对照实验。最近才沉默的会员还未计为流失；未同意画像的会员只计入总数。
