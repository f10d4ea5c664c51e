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
# # Why members leave
#
# For which causes do members leave, how many for each, and how much churn could be avoided?

# %% [markdown] tags=["zh"]
# # 会员为什么离开
#
# 会员因哪些原因离开？各有多少？有多少流失可以避免？

# %%
from whychurn.report.causes import charts as figures
from whychurn.report.causes.sentences import accuracy, competition, groups, misspecification, robustness
from whychurn.report.causes.sentences import shares as share_sentences
from whychurn.report.causes.sentences.interviews import with_basis
from whychurn.report.index.sentences import picture_title
from whychurn.report.page.report_page import Page
from whychurn.report.survival.sentences import competing_risks
from whychurn.report.why.months import months_title
from whychurn.score.yardstick.measured import load_yardstick

page = Page.open()
facts, lang = page.facts("causes"), page.lang
level, method, results = 1 - page.params.run.confidence, page.params.causes.method, page.rows
shares, scores, checks = (results(f"cause_{name}") for name in ("shares", "scores", "diagnostics"))
share_rung, known = share_sentences.rung_of(facts), share_sentences.six(shares)
yardstick, kind = load_yardstick(), accuracy.kind_of_study(facts)


def attributed(lines):
    page.claims(*((share_rung, lines) if len(known) else ("described", [page.say("causes.claim_untold")])))


def show_figure(figure, name, rung=share_rung, note=None, found=()):
    title = found[0] if found else page.say(f"causes.figure_{name}")
    page.figure(figure, title=title, alt=page.say(f"causes.alt_{name}"), rung=rung, note=note, found=found)


def show_table(table, name, rung=share_rung, formats=share_sentences.FORMATS, limit=12, found=""):
    words = {"title": found or page.say(f"causes.table_{name}"), "labels": page.columns(table, "causes")}
    if len(table):
        page.table(table, name=f"causes-{name}", rung=rung, formats=formats, limit=limit, **words)


page.answer(with_basis(share_sentences.answer(shares, facts, page), shares, facts, page))
measured = accuracy.first_headline(yardstick, kind, page) if len(known) else []
for key, value, text, rung in [*share_sentences.headlines(shares, facts, scores, page), *measured]:
    page.headline(key, value, text, rung=rung)
page.claims("described", robustness.first_lines(checks, page.facts("intake"), facts, page))
if len(known):
    page.claims("described", accuracy.first_lines(yardstick, kind, page))
    told = {"note": page.say("causes.note_shares"), "found": [picture_title(shares, page)]}
    show_figure(figures.draw_shares(shares, lang), "shares", **told)
    show_table(share_sentences.shares_table(shares, page), "shares")
page.claims("described", share_sentences.untold_lines(results("cause_grounds"), page))

# %% [markdown] tags=["en"]
# ## Confidence
#
# A cause is attributed, not observed. How good that is can be measured only where the true causes are known: on simulated programmes.
# A cause is named where its chance is high enough; all else is left open, and counts in part for several causes.

# %% [markdown] tags=["zh"]
# ## 把握
#
# 原因是归因得出的，并非直接观察。只有在预设真值已知的模拟项目上，才能测量归因有多准。
# 概率足够高时才指明原因；其余保持未定，按概率分摊到多个原因。

# %%
page.claims("described", share_sentences.confidence(shares, facts, scores, page))

# %% [markdown] tags=["en"]
# ## <a id="said"></a>What they said, and what the evidence says
#
# Few who leave answer why, and who answers tends to say “price”. Behaviour, texts and the market are set against it here.

# %% [markdown] tags=["zh"]
# ## <a id="said"></a>他们怎么说，证据怎么说
#
# 流失会员很少说明原因，作答者又偏向选“价格”。这里把行为、留言和市场情况与之对照。

# %%
stated = results("cause_stated")
said = groups.said_lines(stated, results("cause_confusion"), page)
if groups.has_answers(stated) and len(known):
    show_figure(figures.draw_stated(stated, lang), "stated", note=page.say("causes.note_stated"), found=said)
else:
    attributed(said)
show_table(robustness.driver_table(results("cause_drivers"), page), "drivers", limit=10)

# %% [markdown] tags=["en"]
# ## <a id="groups"></a>Whom each cause takes

# %% [markdown] tags=["zh"]
# ## <a id="groups"></a>各原因流失的是哪些人

# %%
mixes = results("cause_groups")
differing = groups.group_table(mixes, shares, level, page)
attributed(groups.group_lines(differing, mixes, page))
show_table(differing, "groups")

# %% [markdown] tags=["en"]
# ## <a id="months"></a>When: over the months, and over a stay

# %% [markdown] tags=["zh"]
# ## <a id="months"></a>什么时候：随月份与随在会时长

# %%
change, incidence = results("cause_change"), results("attributed_incidence")
attributed(groups.change_lines(change, level, page))
show_table(groups.change_table(change, page), "change", found=months_title(change, level, page))
if len(incidence) and len(known):
    told = competing_risks.largest(incidence, True, page)
    show_figure(figures.draw_incidence(incidence, lang), "incidence", found=told)

# %% [markdown] tags=["en"]
# ## Members who stand for many

# %% [markdown] tags=["zh"]
# ## 有代表性的会员

# %%
stories = groups.story_table(results("cause_stories"), page)
key = "causes.claim_stories" if len(stories) else "causes.claim_no_stories"
page.claim("described", page.say(key, least=page.params.privacy.min_cell))
show_table(stories, "stories", limit=18)

# %% [markdown] tags=["en"]
# ## <a id="rivals"></a>Rivals: where and when they pull
#
# The line is what the evidence gives to rivals; the grey area is how busy they were. Price gaps and leaving go together or not: that is an
# association, for more than the price differs between regions and months.

# %% [markdown] tags=["zh"]
# ## <a id="rivals"></a>竞争对手：何时何地抢走会员
#
# 曲线为证据归因于竞争对手的流失，灰色面积为竞争对手活动强度。价差与流失是否同时出现只是相关：不同地区和月份之间，差别不止价格。

# %%
market = results("cause_market")
pulls, gaps = competition.pulls(market), competition.gap_groups(market, 6)
told, apart = competition.market_lines(market, page), competition.gap_lines(market, page)
if len(pulls):
    show_figure(figures.draw_rivals(pulls, lang), "rivals", note=page.say("causes.note_rivals"), found=told)
else:
    page.claims(share_rung if len(known) else "described", told)
if len(gaps):
    show_figure(figures.draw_gap(gaps, lang), "gap", "associated", found=apart)

# %% [markdown] tags=["en"]
# ## Numbers, texts, interviews: do they agree?

# %% [markdown] tags=["zh"]
# ## 数据、留言与访谈是否一致？

# %%
sources = results("cause_triangulation")
told = robustness.triangulation_lines(sources, page)
if len(present := robustness.present_sources(sources)) > 1:
    show_figure(figures.draw_triangulation(sources, present, lang), "triangulation", found=told)
else:
    page.claims("described", told)

# %% [markdown] tags=["en"]
# ## <a id="holds"></a>Does it hold?
#
# Shares and ranking under another definition of leaving, in another period, and with a source left out; what other methods say; what the
# method notices of its own faults.

# %% [markdown] tags=["zh"]
# ## <a id="holds"></a>结论是否站得住？
#
# 换一种流失定义、换一段时期、去掉某一来源时的占比与排名；其他方法的结果；以及方法对自身问题的检查。

# %%
stability, methods = results("cause_sensitivity"), results("cause_methods")
methods = methods[methods["share"].notna()] if len(methods) else methods
told = robustness.stability_lines(stability, page)
if not (len(stability) and len(known)):
    attributed(told)
else:
    names = {name: robustness.variant_name(name, page) for name in stability["analysis"].unique()}
    drawn = figures.draw_side_by_side(stability, "analysis", names, "main", lang)
    show_figure(drawn, "stability", found=told)
    show_table(robustness.stability_table(stability, page), "stability")
if groups.has_shares(methods):
    names = robustness.method_names(methods, page)
    drawn = figures.draw_side_by_side(methods, "method", names, method, lang)
    show_figure(drawn, "methods", found=robustness.method_lines(methods, method, page))
    show_table(robustness.method_table(methods, page), "methods")
page.claims("described", robustness.diagnostic_lines(checks, page))
show_table(robustness.diagnostic_table(checks, page), "checks", "described")

# %% [markdown] tags=["en"]
# ## <a id="sure"></a>How good the method is, and what breaks it
#
# Measured on simulated programmes built otherwise than the method assumes: how far its answers are off there, and whether its own checks notice. A
# check that finds nothing in your programme says no more than it does here.

# %% [markdown] tags=["zh"]
# ## <a id="sure"></a>方法有多准，哪些情形会使它失效
#
# 在构造方式与方法假设不同的模拟项目上测量：结果偏差多大，自检能否发现。若自检在贵方项目中未发现异常，其分量也仅限于此处所示。

# %%
if len(scores):
    show_table(accuracy.scored(scores, page), "scores", "described", accuracy.FORMATS)
    show_table(share_sentences.rank_table(scores, method, page), "rankings", "described")
page.claims("described", accuracy.measured(yardstick, kind, page) if len(known) else [])
if len(by_kind := accuracy.kind_table(yardstick, page)):
    show_figure(
        figures.draw_errors(yardstick, lang), "errors", "described", found=[told for *_, told, _ in measured]
    )
    show_table(by_kind, "kinds", "described", accuracy.KIND_FORMATS)
page.claims("described", misspecification.mechanism_lines(yardstick, page))
mechanisms = misspecification.mechanism_table(misspecification.by_mechanism(yardstick), page)
show_table(mechanisms, "mechanisms", "described", misspecification.FORMATS)

# %% [markdown] tags=["en"]
# ## What this does not show
#
# - Not what an action achieves: avoidable churn says what went wrong and how many left for it, not that it can be removed, nor at which price. Only a randomised test tells.
# - Not why one member left beyond doubt: a chance of 80% is wrong once in five times.
# - Not how the causes share the departures that no trace explains: an even split is assumed, and only answers and texts move it. The fewer answer, the wider the intervals.
# - Nothing of causes outside the six, and nothing of members who did not agree to profiling beyond their number.

# %% [markdown] tags=["zh"]
# ## 本报告没有说明什么
#
# - 没有说明某项措施能带来多少效果：可避免流失说明超常部分造成了多少损失，并不意味着一定能消除，也不涉及成本，只有随机对照实验才能回答。
# - 没有断定某位会员离开的原因：80% 的概率，每五次就会错一次。
# - 没有说明没有行为痕迹可以解释的流失如何在各原因之间分配：默认平均分配，只有问卷和留言能改变这一假设；作答的人越少，区间越宽。
# - 没有涉及六类之外的原因；不同意画像的会员，只计入人数。
