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
# # 会员能留多久
#
# 会员在什么时候离开？什么会缩短或延长在会时长？因哪种原因流失？

# %%
from whychurn.contract.codes import MAX_LEFT_TRUNCATION_DAYS, MIN_HAZARD_RATIO_CHANGE
from whychurn.report.causes.sentences.shares import rung_of
from whychurn.report.page.report_page import Page
from whychurn.report.retention.sentences import overview
from whychurn.report.survival import charts as figures
from whychurn.report.survival.sentences import competing_risks, curves, forecasts, hazard_ratios
from whychurn.report.survival.sentences.captions import captions
from whychurn.report.words.readable_names import definition_name

page = Page.open()
facts, own, lang, money = page.facts("survival"), page.params.survival, page.lang, page.params.study.currency
ratios, level = page.results("hazard_ratios"), page.params.run.false_discovery
told = captions(page.rows, facts, level, page)  # each sentence is shown once, with its figure or without
strongest = told["hazard_ratios"][:1]
page.answer("\n\n".join([curves.answer(facts, page), *strongest, forecasts.answer(facts, page)]))
for key, value, text, rung in curves.headlines(facts, page):
    page.headline(key, value, text, rung=rung)
FORMATS = curves.FORMATS | competing_risks.FORMATS | hazard_ratios.FORMATS | forecasts.FORMATS


def show_table(table, name, rung="described", limit=12, labels=None):
    words = {"title": page.say(f"survival.table_{name}"), "labels": labels or curves.columns(table, page)}
    if len(table):
        page.table(table, name=f"survival-{name}", rung=rung, formats=FORMATS, limit=limit, **words)


def show_figure(figure, name, rung="described", note=None):
    words = {"title": page.say(f"survival.figure_{name}"), "alt": page.say(f"survival.alt_{name}")}
    words |= {"note": page.say(f"survival.{note}") if note else None, "found": told.pop(name, ())}
    page.figure(figure, **words, rung=rung)


# %% [markdown] tags=["en"]
# ## Confidence
#
# What counts as the end of a stay, who was followed from when to when, and whether another definition would say something else.

# %% [markdown] tags=["zh"]
# ## 把握
#
# 怎样算离开？每位会员从何时观察到何时？换一种定义结论是否不同？

# %%
definitions = page.results("survival_definitions")
page.claims("described", curves.confidence(facts, definitions, page))
show_table(curves.definitions_table(definitions, page), "definitions")
if len(effects := page.results("survival_sensitivity")):
    names = {name: definition_name(name, lang) for name in definitions["definition"]}
    show_figure(figures.draw_sensitivity(effects, names, lang), "sensitivity", "associated", "note_stated")

# %% [markdown] tags=["en"]
# ## How long they stay, and who stays longer
#
# The curve shows which share of the members is still there after each day; the numbers below say how many are followed so long.
# Groups are compared over the whole of their stays, not at one day. A difference says that a group goes along with
# longer or shorter stays, not that it makes them so.

# %% [markdown] tags=["zh"]
# ## 能留多久，谁留得更久
#
# 曲线表示入会后每一天仍在会的比例，下方数字为各时点的观察人数。比较的是各人群的整个在会期，而不是某一天。
# 差异只说明某个人群与在会时长同时出现，并不说明是它造成的。

# %%
stay_curves, means = page.results("survival_curves"), page.results("survival_means")
if len(stay_curves):
    show_figure(figures.draw_stay(stay_curves, lang), "stay")
tests = page.results("survival_tests")
if facts["differ"]:
    show_figure(figures.draw_strata(stay_curves, facts["differ"], lang), "strata", note="note_strata")
page.claims("described", told.pop("strata", ()))
show_table(curves.means_table(means, page), "means")
show_table(curves.tests_table(tests, page), "tests")

# %% [markdown] tags=["en"]
# ## When in a stay they leave
#
# The line shows how many of the members who are still there leave on a day. Marked are the moments at which more leave than in the weeks
# around them, or more than of like members.

# %% [markdown] tags=["zh"]
# ## 入会多久之后离开
#
# 曲线表示仍在会的会员每天有多少人离开。标出的是流失人数高于前后各周（或高于同类会员）的时点。

# %%
hazard, nodes = page.results("survival_hazard"), page.results("key_nodes")
if hazard["churn_events"].gt(0).any():
    show_figure(figures.draw_hazard(hazard, curves.key_moments(nodes, tenure=True), lang), "hazard")
if len(others := curves.key_moments(nodes, tenure=False)):
    told["moments"] = overview.nodes(others, page, most=1)
    show_figure(figures.draw_rate_ratios(others, lang), "moments", "associated")

# %% [markdown] tags=["en"]
# ## What goes along with a shorter or longer stay
#
# A Cox model weighs what is known of each member in each month. A hazard ratio of 1.2 means: leaves 1.2 times as fast, all else being equal
# *in the model*. It says that the two go together, not that one brings about the other.

# %% [markdown] tags=["zh"]
# ## 哪些因素与在会时长相关
#
# Cox 模型同时考虑每位会员每个月的已知信息。风险比 1.2 表示：在*模型中*其他因素相同的情况下，流失速度为 1.2 倍。这只说明两者同时出现，并不说明谁导致谁。

# %%
if len(ratios):
    show_figure(figures.draw_hazard_ratios(ratios, lang, level), "hazard_ratios", "associated", "note_forest")
    show_table(hazard_ratios.ratio_table(ratios, page), "hazard_ratios", "associated")
if len(bends := page.results("spline_effects")):
    show_figure(figures.draw_curves(bends, lang), "curves", "associated")
page.claims("associated", [*told.pop("hazard_ratios", ()), *told.pop("curves", ())])

# %% [markdown] tags=["en"]
# ### Does the model hold?
#
# One ratio for the whole stay is an assumption. It is tested; what fails is given a baseline of its own or an early and a late ratio.

# %% [markdown] tags=["zh"]
# ### 模型是否成立？
#
# “整个在会期风险比不变”只是假设。此处对其检验；不成立的因素改用各自的基准风险，或分为前期与后期两个比值。

# %%
drift, collinear = page.results("proportional_hazards"), page.results("collinearity")
page.claims("associated", hazard_ratios.checks(facts, collinear, page))
if len(drift):
    drawn = figures.draw_drift(drift, lang, MIN_HAZARD_RATIO_CHANGE)
    show_figure(drawn, "drift", "associated", "note_drift")
    show_table(hazard_ratios.drift_table(drift, page), "proportional_hazards", "associated")
    show_table(hazard_ratios.collinear_table(collinear, page), "collinearity", "associated", 6)

# %% [markdown] tags=["en"]
# ## From which cause
#
# Every member who leaves, leaves from one cause first. The areas add up to all who have left; what lies above them is still there.
# The ratios come from one Cox model a cause: departures from the other causes end the watch.

# %% [markdown] tags=["zh"]
# ## 因哪种原因离开
#
# 每位流失会员都先因某一种原因离开。各色面积之和为全部流失会员，其上方为仍在会的会员。
# 风险比来自每种原因各一个的 Cox 模型：因其他原因离开视为观察结束。

# %%
page.unanswered("stated_reasons")
attributed = page.rows("attributed_incidence")
incidence = attributed if (found := len(attributed) > 0) else page.results("cause_incidence")
rung = rung_of(page.facts("causes")) if found else "described"
page.claims(rung, competing_risks.source(facts, found, page))
if len(incidence):
    show_figure(figures.draw_incidence(incidence, lang), "incidence", rung, None if found else "note_stated")
    show_table(competing_risks.incidence_table(incidence, own.stay_days, page), "incidence", rung)
    groups = competing_risks.strata_rows(incidence, competing_risks.YEAR, MAX_LEFT_TRUNCATION_DAYS)
    if len(groups) > len(groups["cause"].unique()):
        show_figure(figures.draw_cause_strata(groups, lang), "cause_strata", rung)
if not found and len(shares := page.results("stated_shares")):
    show_table(competing_risks.stated_table(shares, page), "stated")
if len(by_cause := page.results("cause_hazard_ratios")):
    show_figure(figures.draw_cause_ratios(by_cause, lang, level), "cause_ratios", "associated", "note_grey")
    show_table(hazard_ratios.cause_table(by_cause, level, page), "cause_ratios", "associated", 8)

# %% [markdown] tags=["en"]
# ## If one cause were removed
#
# Nobody would leave from it any more, but members who are saved go on to meet the other causes. The gain is therefore smaller than the number
# of those who left from it. It also supposes that the causes strike independently of each other.

# %% [markdown] tags=["zh"]
# ## 如果去除某一种原因
#
# 不再有人因该原因离开，但由此留下的会员仍会遇到其他原因，所以收益小于原先因该原因离开的人数。这里还假定各种原因彼此独立。

# %%
table = page.results("attributed_elimination") if found else page.results("cause_elimination")
if table is not None and len(days := table[table["measure"] == "days"]):
    known = competing_risks.planted_rows(page.results("elimination_scores"), found)
    page.claims("described", competing_risks.planted(known, page))
    show_figure(figures.draw_removal(days, lang), "removal", "associated")
    show_table(competing_risks.removal_table(table, page, known), "removal", "associated")

# %% [markdown] tags=["en"]
# ## How long today's members will stay, and what that is worth
#
# Kaplan–Meier, two Cox models and boosted trees forecast the stay from an earlier day; what came afterwards judges them. The better one
# by the integrated Brier score is used.

# %% [markdown] tags=["zh"]
# ## 现有会员还能留多久，价值多少
#
# Kaplan–Meier、两种 Cox 模型和提升树从过去某一天出发预测在会时长，再以其后的实际情况评判。采用综合 Brier 分数更好的一种。

# %%
scores, groups = (page.results(f"survival_{name}") for name in ("model_comparison", "calibration"))
if len(scores):
    chosen, table = facts["challenge"]["chosen"], forecasts.forecast_table(scores, facts, page)
    show_figure(figures.draw_forecasts(scores, chosen, lang), "forecast", "associated")
    show_table(table, "forecast", "associated", labels=forecasts.forecast_labels(table, page))
    show_figure(figures.draw_forecast_calibration(groups, chosen, lang), "forecast_calibration", "associated")
    show_figure(figures.draw_spread(page.results("survival_d_calibration"), lang), "spread", "associated")
page.claims("associated", told.pop("forecast", ()))
tiers, spend, actual = (page.results(f"lifetime_{name}") for name in ("tiers", "holdout", "holdout_groups"))
page.claims("associated", forecasts.worth(facts, page))
if tiers["margin_per_member"].notna().any():
    drawn = figures.draw_tiers(tiers, money, page.params.business.value_days, lang)
    show_figure(drawn, "lifetime", "associated")
    show_table(forecasts.tiers_table(tiers, page), "tiers", "associated")
if len(spend):
    show_figure(figures.draw_spend(actual, money, lang), "spend")
    show_table(forecasts.spend_table(spend, page), "spend", "described")

# %% [markdown] tags=["en"]
# ## What this does not show
#
# - Not what would keep anybody: groups, ratios and hazards go along with leaving, they need not cause it.
# - Nothing of stays longer than the data cover, and little of those who joined long before the data begin: of
#   them only the ones who were still there are known.

# %% [markdown] tags=["zh"]
# ## 本报告没有说明什么
#
# - 没有说明怎样能留住会员：人群特征和风险只是与离开同时出现，未必是原因。
# - 无法说明比数据更长的在会时长；早在数据之前入会的会员，也只知道当时仍在会的那一部分。
