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
# # What changed
#
# Did the data come in whole, do members still leave as forecast and for the same causes, what changed since last month, and is it real?

# %% [markdown] tags=["zh"]
# # 有什么变化
#
# 数据是否完整到达，流失是否仍如预测、原因是否仍相同，与上月相比有什么变化，变化是否属实？

# %%
from whychurn.report.page.report_page import Page
from whychurn.report.watch import charts
from whychurn.report.watch.answer import answer, headlines, open_alarms
from whychurn.report.watch.results import read_watch
from whychurn.report.watch.sentences import alarms, forecasts, months, received

page = Page.open()
results = read_watch(page.study, page.params.study.currency)


def show_table(table, name, rung, formats):
    if len(table):
        title, labels = page.say(f"watch.table_{name}"), page.columns(table, "watch")
        page.table(
            table, name=f"watch-{name}", title=title, rung=rung, labels=labels, formats=formats, limit=12
        )


page.answer(answer(results, page))
for key, value, text, rung in headlines(results, page):
    page.headline(key, value, text, rung)

# %% [markdown] tags=["en"]
# ## Confidence
#
# Each chart adds up how far months lie from the reference months and raises an alarm when the sum passes a limit (CUSUM, Page 1954). The limit was set by running the
# chart on resampled reference months, so that it alarms in about one of ten stretches of 24 months in which nothing changed. Months that differ from one another more
# than chance allows do so in the reference too, and widen it. A month that is not over is judged by nothing.

# %% [markdown] tags=["zh"]
# ## 把握
#
# 每个图表累加各月与基准月份的偏离，累计超过限值即预警（CUSUM，Page 1954）。限值由重抽样的基准月份反复运行该图表得出：若没有任何变化，24 个月内误报的可能约为十分之一。
# 各月之间超出偶然的波动在基准月份中同样存在，已计入限值。未完结的月份不作评判。

# %% [markdown] tags=["en"]
# ## What came in
#
# Most of what looks like a change is a broken export. So this stands first, and a fault silences the other charts of its month.

# %% [markdown] tags=["zh"]
# ## 数据接收
#
# 看似变化的情况，多半是数据导出出了问题，因此先看这里；一旦数据异常，该月的其他图表不作评判。

# %%
for line in received.fault_lines(results, page) or received.usual_lines(results, page):
    page.claim("described", line)
show_table(received.received_table(results, page), "received", "described", received.FORMATS)

# %% [markdown] tags=["en"]
# ## Alarms
#
# What, since when, how large, what it costs to go on, and what to try. Nothing is retrained or replaced by itself.

# %% [markdown] tags=["zh"]
# ## 预警
#
# 是什么、从何时起、幅度多大、继续下去的代价，以及可以尝试什么。模型不会自行重新训练或替换。

# %%
raised = open_alarms(results)
for row in raised:
    page.claim(alarms.RUNGS[row["chart"]], alarms.alarm_line(row, page))
    for rung, line in alarms.after_lines(row, page, results.currency):
        page.claim(rung, line)
if raised:
    page.claim("described", page.say("watch.how_sure"))
drawn = charts.leavings_of(results["watch_charts"])
if len(drawn):
    title, since = charts.leavings_title(drawn, results["watch_alarms"], page.lang)
    page.figure(
        charts.draw_leavings(drawn, since, page.lang),
        title=title,
        alt=page.say("watch.figure_leavings_alt"),
        rung="associated",
    )
signals = charts.signals_of(results["watch_charts"])
if len(signals):
    page.figure(
        charts.draw_signals(signals, page.lang),
        title=charts.signals_title(signals, page.lang),
        alt=page.say("watch.figure_signals_alt"),
        rung="associated",
    )
for line in received.silenced_lines(results, page):
    page.claim("described", line)
show_table(alarms.alarm_table(results, page), "alarms", "associated", alarms.FORMATS)

# %% [markdown] tags=["en"]
# ## This month against the one before
#
# Members are resampled once for both months, because most of them are the same; a difference is called real when its interval leaves zero out with all figures of
# the table read together (Benjamini and Hochberg 1995). What last month's data say under this month's code, parameters and model shows what we changed ourselves.

# %% [markdown] tags=["zh"]
# ## 本月与上月相比
#
# 两个月的会员大多相同，因此对会员只重抽样一次，两个月共用。表中各项同时解读，区间不含 0 的差异才算属实（Benjamini 与 Hochberg 1995）。
# 用本月的代码、参数和模型重算上月的数据，可以看出哪些差异由我方造成。

# %%
for row in [
    *months.changed(results, "real").to_dict("records"),
    *months.changed(results, "made_by_us").to_dict("records"),
]:
    page.claim(months.rung_of(str(row["headline"])), months.change_line(row, results, page))
show_table(months.month_table(results, page), "months", "described", {})
show_table(months.part_table(results, page), "parts", "described", {})

# %% [markdown] tags=["en"]
# ## Forecasts, before outcomes are known and after
#
# Estimates without outcomes hold only if the link between inputs and leaving still holds: they notice changed members, never a changed link.

# %% [markdown] tags=["zh"]
# ## 预测：结果知晓之前与之后
#
# 没有结果时的估计，只有在输入与流失之间的关系不变时才成立：它能察觉会员构成的变化，却察觉不了这种关系本身的变化。

# %%
for line in forecasts.forecast_lines(results, page):
    page.claim(forecasts.RUNG, line)
show_table(forecasts.forecast_table(results), "forecast", "associated", forecasts.FORMATS)
show_table(forecasts.input_table(results, page), "inputs", "associated", forecasts.INPUT_FORMATS)

# %% [markdown] tags=["en"]
# ## What this does not show
#
# - Not why something changed: an alarm says that members leave otherwise, and a mix of causes is attributed, not tested.
# - Not a small change, nor one of the last weeks: where leaving shows by silence, what happens today is seen 60 to 90 days later.
# - Not that all is well: no alarm means no change of the size that these charts can see.
# - The discrimination of forecasts is described and raises no alarm, because its months overlap.

# %% [markdown] tags=["zh"]
# ## 本页没有说明什么
#
# - 没有说明变化的缘由：预警只说明流失情况与以前不同，原因构成来自归因，未经实验。
# - 看不出很小的变化，也看不出最近几周的变化：流失由沉默判定时，今天发生的事 60 至 90 天后才能看到。
# - 没有预警不等于一切正常，只是没有出现这些图表看得出的变化。
# - 预测的区分能力只作说明、不作预警，因为相邻月份相互重叠。
