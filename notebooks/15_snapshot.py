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
# # One row per customer
#
# What does a table with one row per customer, and who left, tell of leaving, and what can it not tell?

# %% [markdown] tags=["zh"]
# # 一客一行
#
# 每名客户只有一行、标明去留的表，能说明哪些流失问题，又有哪些说明不了？

# %%
from whychurn.report.page.findings import leader_lines
from whychurn.report.page.report_page import Page
from whychurn.report.risk import charts as risk_charts
from whychurn.report.risk.sentences import model_table
from whychurn.report.snapshot import charts, sentences

page = Page.open()
facts = page.facts("snapshot")
found = facts.get("status") == "ok"
page.answer(sentences.answer(facts, page))
stated = page.results("snapshot_reasons")
for key, value, text, rung in sentences.headlines(facts, page) + sentences.stated_headline(stated, page):
    page.headline(key, value, text, rung=rung)

# %% [markdown] tags=["en"]
# ## What such a table can tell
#
# | question | from this table |
# |---|---|
# | How many left? | yes: counted |
# | Who of those still there resembles those who left? | yes: risk of customers that the model did not see, beside its baselines |
# | Which columns go along with leaving? | yes, as far as a model shows: no causes |
# | How long do customers stay? | only with a column of tenure, and if everybody who ever left is in the table |
# | When will somebody leave? | no: there are no dates |
# | Will the forecast hold next month? | no: that needs earlier rows to learn from and later ones to test on |
# | Why did they leave? | no: only what leavers state; behaviour before leaving is not in the table |
#
# To answer the last three, bring tables with dates: members with a day of joining, and orders, terms or events.

# %% [markdown] tags=["zh"]
# ## 这样的表能说明什么
#
# | 问题 | 这张表 |
# |---|---|
# | 流失了多少客户？ | 能：直接统计 |
# | 留存客户中谁与流失客户相似？ | 能：对模型没有见过的客户给出风险，并与基准对照 |
# | 哪些列与流失同时出现？ | 能，以模型所见为限，但不是原因 |
# | 客户能留多久？ | 需要有时长列，而且表中包含所有流失过的客户 |
# | 某名客户何时流失？ | 不能：没有日期 |
# | 下个月预测还成立吗？ | 不能：需要用较早的数据学习、用较晚的数据检验 |
# | 客户为什么流失？ | 不能：只有客户自述的原因；离开之前的行为不在表中 |
#
# 要回答最后三个问题，请提供带日期的表：会员表（含入会日），以及订单、会籍或行为事件表。

# %% [markdown] tags=["en"]
# ## What became of each column
#
# A column that is written when somebody leaves makes any model look brilliant, and is of no use for those still there.

# %% [markdown] tags=["zh"]
# ## 各列的处理
#
# 客户离开时才写入的列，会让任何模型都显得出色，但对仍在的客户毫无用处。

# %%
columns = page.results("snapshot_columns")
leaks = sentences.leaks(columns)
page.claim("described", page.say(f"snapshot.leaks_{'found' if leaks else 'none'}", leaks=leaks))
if facts["without_consent"]:
    page.claim("described", page.say("snapshot.consent", members=page.members(facts["without_consent"])))
if facts.get("copies"):
    page.claim("described", page.say("snapshot.copies", copies=page.members(facts["copies"])))
table = sentences.columns_table(columns, page.lang)
look = {"labels": page.columns(table, "snapshot"), "formats": sentences.COLUMN_FORMATS, "limit": 12}
page.table(table, name="snapshot-columns", title=page.say("snapshot.tab_columns"), rung="described", **look)

# %% [markdown] tags=["en"]
# ## Confidence
#
# The customers are divided at random into parts, again and again. Each part is forecast by a model that learned from the others; its
# probabilities are calibrated on those others as well. So no customer's own outcome helps its forecast. All parts are of the same
# time: how well the model does later, this cannot show.

# %% [markdown] tags=["zh"]
# ## 把握
#
# 把客户随机分成几份，反复多次。每一份都由只学习过其余各份的模型来预测，概率的校准也只用其余各份，
# 因此客户自身的去留不会帮助对自己的预测。各份都出自同一时点：模型以后表现如何，由此看不出来。

# %%
metrics = page.results("snapshot_metrics")
if found:
    page.figure(
        risk_charts.draw_models(metrics, page.lang),
        **page.caption("snapshot.fig_models"),
        found=[sentences.verdict(facts, page)],
        rung="described",
        note=page.say("snapshot.fig_models_note"),
    )
    table = model_table(metrics, page.lang, sentences.TRUST)
    labels, title = page.columns(table, "risk"), page.say("snapshot.tab_models")
    page.table(table, name="snapshot-models", title=title, rung="described", labels=labels)
else:
    page.claim("described", sentences.model_sentence(facts, page))

# %% [markdown] tags=["en"]
# ## Who resembles those who left?
#
# Of customers with a predicted probability of 20%, about one in five should be among those who left. Points on the dotted line are right.

# %% [markdown] tags=["zh"]
# ## 谁与流失客户相似？
#
# 预测概率为 20% 的客户，应当约有五分之一属于流失客户。落在虚线上表示预测与实际一致。

# %%
if found:
    page.claim("associated", sentences.high_sentence(facts, page))
    calibration = page.results("snapshot_calibration")
    page.figure(
        risk_charts.draw_reliability(calibration, page.lang),
        title=page.say(
            "snapshot.fig_reliability", ece=page.format(facts["headline"]["ece"]["estimate"], "percent")
        ),
        alt=page.say("snapshot.fig_reliability_alt"),
        rung="described",
    )

# %% [markdown] tags=["en"]
# ## What the model looks at
#
# The bars explain the model, not the world: changing what a bar shows need not change who leaves.

# %% [markdown] tags=["zh"]
# ## 模型在看什么
#
# 条形解释的是模型，而不是现实：改变条形所示的因素，未必能改变客户的去留。

# %%
if found:
    importance, note = page.results("snapshot_features"), page.say("snapshot.fig_shap_note")
    features = {"features": (risk_charts.draw_features(importance, page.lang, 15), note)}
    leading = leader_lines(
        importance, page.say("risk.found_features"), lambda row: row[f"label_{page.lang}"], "share", page
    )
    features["groups"] = (charts.draw_groups(page.results("snapshot_groups"), page.lang), None)
    points = page.results("snapshot_points")
    features["points"] = (risk_charts.draw_beeswarm(points, importance, page.lang), None)
    for name, (figure, below) in features.items():
        found = leading if name == "features" else ()
        page.figure(
            figure, **page.caption(f"snapshot.fig_{name}"), rung="associated", note=below, found=found
        )

# %% [markdown] tags=["en"]
# ## How long do customers stay?

# %% [markdown] tags=["zh"]
# ## 客户能留多久？

# %%
curve = page.results("snapshot_tenure")
if len(curve):
    page.figure(
        charts.draw_tenure(curve, page.lang),
        **page.caption("snapshot.fig_tenure"),
        found=[sentences.median_sentence(facts, page)],
        rung="described",
        note=page.say("snapshot.fig_tenure_note"),
    )
else:
    page.claim("described", page.say(f"snapshot.no_{'curve' if facts['has_tenure'] else 'tenure'}"))

# %% [markdown] tags=["en"]
# ## What do leavers state?

# %% [markdown] tags=["zh"]
# ## 流失客户自己怎么说？

# %%
reasons = sentences.reasons_table(stated, page.lang)
if len(reasons):
    page.claim("described", sentences.stated_sentence(facts, page))
    page.figure(
        charts.draw_reasons(reasons, page.lang),
        **page.caption("snapshot.fig_reasons"),
        found=[text for *_, text, _ in sentences.stated_headline(stated, page)],
        rung="described",
    )
    look = {"labels": page.columns(reasons, "snapshot"), "formats": sentences.REASON_FORMATS, "limit": 12}
    page.table(
        reasons, name="snapshot-reasons", title=page.say("snapshot.tab_reasons"), rung="described", **look
    )
else:
    page.claim("described", page.say("snapshot.no_reasons"))

# %% [markdown] tags=["en"]
# ## What this does not show
#
# - Not when somebody leaves, and not whether the order of customers holds in later months: rows of one moment cannot show that.
# - Not a cause. A column that goes along with leaving may follow from it, or from what causes both.
# - For those who left, most columns are as they were at leaving or since; for those still there, as they are today. Tenure is the plainest
#   case: it stopped for leavers and goes on for the rest.
# - Figures in public files of this kind are often higher than in use, for columns written at leaving and copied rows flatter them.

# %% [markdown] tags=["zh"]
# ## 本报告没有说明什么
#
# - 没有说明客户何时流失，也没有说明这一排序在以后的月份是否成立：同一时点的数据看不出来。
# - 没有说明原因。与流失同时出现的列，可能是流失的结果，也可能与流失出自同一原因。
# - 流失客户的各列多半停在离开时（或之后），留存客户的则是今天的情况。最明显的是时长：流失客户的已经停止，其余客户的还在增长。
# - 这类公开数据上的指标往往高于实际应用，因为离开时才写入的列和重复的行会使其偏高。
