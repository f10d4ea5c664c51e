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
# # Who is next
#
# Which members are likely to leave in the coming weeks, how far can the forecast be trusted, and what does the model look at?

# %% [markdown] tags=["zh"]
# # 接下来谁会流失
#
# 接下来一段时间哪些会员可能流失？预测有多可信？模型主要看什么？

# %%
from whychurn.contract.suppression import suppress_small_cells
from whychurn.labels import family_name
from whychurn.report.page.findings import ends_lines, leader_lines
from whychurn.report.page.report_page import Page
from whychurn.report.risk import charts as figures
from whychurn.report.risk import sentences

page = Page.open()
facts = page.facts("risk")
found = facts.get("status") == "ok"
risk, cell = page.params.risk, page.params.privacy.min_cell
page.answer(sentences.answer(facts, page) if found else sentences.no_answer(facts, page))
for key, value, text, rung in sentences.headlines(facts, page) if found else []:
    page.headline(key, value, text, rung=rung)


def show_figure(figure, name, rung="described", note=None, found=()):
    page.figure(
        figure, **page.caption(f"risk.fig_{name}"), rung=rung, note=note and page.say(note), found=found
    )


def show_table(table, name, title, rung="described", formats=None):
    labels, words = page.columns(table, "risk"), page.say(f"risk.tab_{title}")
    page.table(table, name=name, title=words, rung=rung, labels=labels, formats=formats)


# %% [markdown] tags=["en"]
# ## Confidence
#
# The model learns from the oldest snapshots, is calibrated on later ones and is tested on the latest ones whose outcome is known.
# Between the parts lies the length of the label window, and before the test also the silence that makes a leaving, so that no outcome
# used for learning reaches into the test. It learns from, and is tested on, members still there on the day: whose silence is no longer
# than four of five of their own gaps (with few gaps, of the programme's), or whose term runs without notice. Intervals come
# from redrawing members (not rows) at random; a difference counts only when its whole interval lies on one side of zero.

# %% [markdown] tags=["zh"]
# ## 把握
#
# 模型用最早的月度快照学习，用稍后的快照校准，再用结果已知的最新快照检验。各段之间隔开一个标签窗口，测试期之前还隔开判定流失所需的沉默期，
# 学习时用到的结果不会伸入测试期。学习与检验都只用当日在会的会员，
# 即沉默时间不超过其自身五分之四的间隔（间隔太少时参考整个项目），或会籍有效且未提出退会。区间通过对会员（而非行）重抽样得到；只有整个区间都在零的同一侧，差异才算数。

# %%
if facts and len(gone := page.results("already_gone")):
    table = sentences.gone_table(gone, page.lang, cell)
    show_table(table, "already-gone", "gone", formats=sentences.GONE_FORMATS)
if found:
    metrics = page.results("risk_metrics")
    notes = [*sentences.gone_claims(facts, page), sentences.embargo(facts, page), *facts["notes"][page.lang]]
    page.claims("described", notes)
    drawn, won = figures.draw_models(metrics, page.lang), [sentences.verdict(facts, page)]
    show_figure(drawn, "models", note="risk.fig_models_note", found=won)
    show_table(sentences.model_table(metrics, page.lang, sentences.ORDER), "risk-models", "models")

# %% [markdown] tags=["en"]
# ## Can the probabilities be taken at their word?
#
# Of members with a predicted probability of 20%, about one in five should leave. The dots show groups of equal size in the test
# period with the interval of what was observed; on the dotted line prediction and observation agree.
# A member has one forecast a month, so there are more forecasts than members.

# %% [markdown] tags=["zh"]
# ## 概率能否当真？
#
# 预测流失概率为 20% 的会员，应当约有五分之一真的流失。图中每个点是测试期内人数相等的一组会员，竖线为实际流失比例的区间；
# 落在虚线上表示预测与实际一致。每位会员每月有一次预测，因此预测次数多于会员数。

# %%
if found:
    table = page.results("risk_calibration")
    shown = suppress_small_cells(table, "members", ["rate", "low", "high", "rows"], cell)
    ece = page.format(facts["headline"]["ece"]["estimate"], "percent")
    page.figure(
        figures.draw_reliability(shown, page.lang),
        title=page.say("risk.fig_reliability", ece=ece),
        alt=page.say("risk.fig_reliability_alt"),
        rung="described",
    )
    show_table(sentences.model_table(metrics, page.lang, sentences.TRUST), "risk-trust", "trust")
    table = sentences.strata_table(metrics, page.lang, cell)
    show_table(table, "risk-strata", "strata", formats=sentences.STRATA_FORMATS)

# %% [markdown] tags=["en"]
# ## Whom is it worth contacting?
#
# With a limited number of contacts, the order matters most. The profit assumes the margin, the cost of a contact and the share
# of contacted leavers who stay that stand in the parameters; the last one is an assumption, not a measurement.

# %% [markdown] tags=["zh"]
# ## 触达哪些会员才划算？
#
# 可触达的人数有限，排序就最要紧。利润按参数中的毛利率、单次触达成本以及“被触达的流失会员中有多少会留下”计算；最后一项是假设，并非实测。

# %%
if found:
    lift, business, currency = page.results("risk_lift"), page.params.business, page.params.study.currency
    page.figure(
        figures.draw_lift(lift, page.lang, business.capacity),
        title=page.say("risk.fig_lift", **sentences.lift_words(facts, page)),
        alt=page.say("risk.fig_lift_alt"),
        rung="described",
    )
    table = sentences.gains_table(metrics, risk.lift_shares)
    show_table(table, "risk-gains", "gains", formats={"contacted": "percent"})
    if lift["profit"].notna().any():
        page.figure(
            figures.draw_profit(lift, page.lang, business.capacity, currency),
            **page.caption("risk.fig_profit"),
            found=sentences.profit_lines(lift, page),
            rung="described",
            note=page.say(
                "risk.fig_profit_note",
                margin=page.format(business.margin_rate, "percent"),
                cost=page.format(business.contact_cost, "money"),
                saved=page.format(business.saved_share, "percent"),
            ),
        )

# %% [markdown] tags=["en"]
# ## Would it have worked earlier?
#
# The same recipe, refitted on what was known at earlier days, and measured on what happened next.

# %% [markdown] tags=["zh"]
# ## 放在更早的时间也有效吗？
#
# 用同样的方法，只凭当时已知的数据重新拟合，再用随后实际发生的结果来衡量。

# %%
if found and len(backtest := page.results("risk_backtest")):
    auc, names = backtest[backtest["metric"] == "auc"], ("estimate", "low", "high")
    day = lambda row: page.format(row["cutoff_on"], "date")  # noqa: E731
    alike = ends_lines(auc, page.say("risk.found_backtest"), day, page, names, "number")
    show_figure(figures.draw_backtest(backtest, page.lang), "backtest", found=alike)

# %% [markdown] tags=["en"]
# ## What the model looks at
#
# **Read this first.** The bars explain the model, not the world. A feature may stand high only because it goes along with the true
# cause, and a true cause may stand low because another feature gives it away first. In a simulated programme where a feature
# had no effect at all, these bars still ranked it near the top. Changing what a bar shows need not change who leaves.

# %% [markdown] tags=["zh"]
# ## 模型在看什么
#
# **请先读这一段。** 下面的条形解释的是模型，而不是现实。某个特征排名靠前，可能只是因为它总与真正的原因同时出现；
# 真正的原因也可能因为别的特征先透露了信息而排名靠后。在一个模拟项目里，某个特征完全没有作用，却依然名列前茅。
# 改变条形所示的因素，未必能改变会员的去留。

# %%
if found:
    importance, groups = page.results("risk_shap_features"), page.results("risk_shap_groups")
    what, families = page.say("risk.found_features"), groups[groups["grouping"] == "family"]
    first = leader_lines(importance, what, lambda row: row[f"label_{page.lang}"], "share", page)
    show_figure(
        figures.draw_features(importance, page.lang, 15),
        "features",
        "associated",
        "risk.fig_shap_note",
        first,
    )
    first = leader_lines(families, what, lambda row: family_name(row["group"], page.lang), "share", page)
    show_figure(figures.draw_groups(groups, page.lang), "groups", "associated", "risk.fig_shap_note", first)
    points = page.results("risk_shap_points")
    show_figure(figures.draw_beeswarm(points, importance, page.lang), "beeswarm", "associated")

if found:
    dependence = page.results("risk_shap_dependence")
    if len(dependence):
        drawn = figures.draw_dependence(dependence[dependence["rows"] >= cell], importance, page.lang)
        show_figure(drawn, "dependence", "associated")
    pairs = sentences.pairs_table(page.results("risk_shap_interactions"), importance, page.lang)
    show_table(pairs, "risk-interactions", "interactions", "associated")
    rules = sentences.rules_table(page.results("risk_tree"), page.lang, cell)
    show_table(rules, "risk-tree", "tree", "associated", sentences.RULE_FORMATS)

# %% [markdown] tags=["en"]
# ## Kinds of members at risk of leaving
#
# Members at risk of leaving, grouped by what the model looks at in them. A group is a starting point for a conversation, not a diagnosis.

# %% [markdown] tags=["zh"]
# ## 有流失风险的会员：几种类型
#
# 按模型判断时所看的内容，把有流失风险的会员分成几类。分组只是讨论的起点，不是诊断。

# %%
if found and len(groups := page.results("risk_archetypes")):
    shown, what = groups[groups["members"] >= cell], page.say("risk.found_archetypes")
    first = leader_lines(shown, what, lambda row: row[f"name_{page.lang}"], "members", page, "int")
    show_figure(figures.draw_archetypes(shown, page.lang), "archetypes", "associated", found=first)
    table = sentences.archetype_table(groups, page.lang, cell)
    show_table(table, "risk-archetypes", "archetypes", "associated", sentences.ARCHETYPE_FORMATS)

# %% [markdown] tags=["en"]
# ## What this does not show
#
# - Not why a member leaves, and not what would keep them: that needs attribution and randomised test.
# - Not a world that changes: prices, rivals or seasons that did not occur before are unknown to the model. The interval of a
#   member's probability covers what members with the same score did in the calibration period, nothing more.
# - Margin at risk assumes that spending stays at last year's rate and that the risk stays as it is. It is an upper bound for members whose
#   bad patch is passing.
# - Members who did not agree to profiling count in the totals of other reports and are not forecast here.

# %% [markdown] tags=["zh"]
# ## 本报告没有说明什么
#
# - 没有说明会员为什么离开，也没有说明怎样能留住他们：那需要原因归因和随机对照实验。
# - 没有考虑环境变化：过去未出现过的价格、竞争或季节变化，模型并不了解。单个会员概率的区间，只反映校准期内得分相同的会员的实际表现。
# - 涉险毛利假定消费维持去年的水平、风险保持不变；对只是暂时低迷的会员而言，这是一个上限。
# - 未同意画像的会员计入其他报告的总数，但不在此处预测。
