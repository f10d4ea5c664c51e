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
# # What members say
#
# What do members speak of, which causes do complaints, reviews, interviews and surveys name, do these sources agree, and what follows when members
# complain or stay silent?

# %% [markdown] tags=["zh"]
# # 会员在说什么
#
# 会员在谈论什么？投诉、评价、访谈和问卷提到了哪些原因？这些来源是否一致？会员投诉或保持沉默之后会怎样？

# %%
from whychurn.report.page.report_page import Page
from whychurn.report.retention import charts as retention_figures
from whychurn.report.retention.sentences import complaints
from whychurn.report.voice import charts as figures
from whychurn.report.voice.sentences import text_causes, topic_hazard_ratios, topic_methods
from whychurn.report.voice.sentences import topics as topic_sentences
from whychurn.voice.triangulation import add_behaviour

page = Page.open()
sources, shares = page.results("triangulation"), page.results("cause_shares")
if shares is not None and len(shares):
    sources = add_behaviour(sources, shares, len(page.results("churners").query("is_main")))
topics, changes, rising = (page.results(name) for name in ("topics", "topic_changes", "topic_rising"))
own = page.params.voice
first = (
    topic_sentences.topic_lines(topics, page)
    + topic_sentences.rising_lines(rising, topics, own.recent_weeks, page)[:1]
)
page.answer("\n\n".join(first + text_causes.triangulation_lines(sources, page)))


def show(section, name, rung, figure=None, table=None, formats=None, limit=15, found=()):
    if figure is not None:
        words = {"title": page.say(f"{section}.figure_{name}"), "alt": page.say(f"{section}.alt_{name}")}
        page.figure(figure, **words, rung=rung, found=found)
    if table is not None:
        labels, title = page.columns(table, section), page.say(f"{section}.table_{name}")
        page.table(
            table, name=f"voice-{name}", title=title, rung=rung, labels=labels, formats=formats, limit=limit
        )


# %% [markdown] tags=["en"]
# ## Confidence
#
# Each text gets a probability for each of the six causes, and for none, from a lexicon that anybody can edit, pooled with what exit surveys
# teach where that helped. The check uses comments from days that taught nothing.

# %% [markdown] tags=["zh"]
# ## 把握
#
# 每条留言都会得到六类原因（及“无”）的概率，依据一份可自行编辑的原因词典；若离会问卷能带来改进，则与之合并。核对只用未参与学习的日期的留言。

# %%
check, ratings = page.results("text_cause_check"), page.results("sentiment_check")
found = text_causes.agreement_lines(check, page) + text_causes.sentiment_lines(ratings, page)
if not check["kappa"].notna().any():
    page.claims("described", found)
else:
    show("voice", "said_agreement", "described", figures.draw_agreement(check, page.lang), found=found)
    show("voice", "said_check", "described", None, text_causes.check_table(check, page), text_causes.FORMATS)

# %% [markdown] tags=["en"]
# ## What members speak of
#
# Topics are found by BERTopic in each language and joined where their texts name one concern; names come from the cause lexicon and from the words
# that mark a topic. Texts from the test period of the risk model taught nothing.

# %% [markdown] tags=["zh"]
# ## 会员在谈论什么
#
# 主题由 BERTopic 在中英文中分别发现，谈论同一关切的主题会合并；名称来自原因词典和主题的代表词。风险模型测试期内的留言未参与学习。

# %%
if len(topics):
    sizes, table = figures.draw_topics(topics, page.lang), topic_sentences.topic_list(topics, page)
    show("voice", "topic_sizes", "described", sizes, found=topic_sentences.topic_lines(topics, page))
    show("voice", "topic_list", "described", None, table, topic_sentences.FORMATS, limit=12)
    tree = topic_sentences.tree_list(page.results("topic_tree"), topics, page)
    show("voice", "topic_tree", "described", None, tree, topic_sentences.FORMATS)
    texts = topic_sentences.verbatim_list(page.results("topic_verbatims"), topics, page)
    show("voice", "topic_verbatims", "described", None, texts, topic_sentences.FORMATS, limit=8)

# %% [markdown] tags=["en"]
# ### How topics are found
#
# Every method gets the same texts and vectors, and as many topics. Coherence is measured on texts that no topic was fitted on; stability over
# other random seeds and row orders.

# %% [markdown] tags=["zh"]
# ### 主题如何得出
#
# 各方法使用同样的留言、向量和主题数。一致性在未参与拟合的留言上衡量，稳定性通过更换随机种子和行顺序衡量。

# %%
methods = page.results("topic_methods")
if len(methods):
    page.claims("described", topic_methods.method_lines(methods, page))
    table = topic_methods.method_table(methods, page)
    show("voice", "topic_methods", "described", None, table, topic_methods.FORMATS)

# %% [markdown] tags=["en"]
# ## What is changing, and for whom
#
# A change is a week from which a topic's share was another, whatever the number of texts. Alerts compare a day with the six weeks before it.

# %% [markdown] tags=["zh"]
# ## 哪些在变化，与谁有关
#
# “变化”指某一周起主题占比发生改变，与留言总数无关。预警把当天与之前六周相比。

# %%
if len(topics):
    found = topic_sentences.change_lines(changes, topics, page)
    chosen, months = topic_sentences.changed_topics(changes, topics), page.results("topic_months")
    drawn = figures.draw_months(months, changes, topics, chosen, page.lang)
    show("voice", "topic_months", "described", drawn, found=found)
    page.claims("described", topic_sentences.rising_lines(rising, topics, own.recent_weeks, page))
    alerts = topic_sentences.alert_list(page.results("topic_alerts"), topics, page)
    show("voice", "topic_alerts", "described", None, alerts, topic_sentences.FORMATS, limit=6)
    groups = topic_sentences.group_list(page.results("topic_groups"), topics, page)
    show("voice", "topic_groups", "associated", None, groups, topic_sentences.FORMATS, limit=10)

# %% [markdown] tags=["en"]
# ## Texts, interviews, surveys: do they agree?
#
# Sources agree on a cause where the intervals of its share overlap. Each has its own slant: who complains, who is invited, who answers.

# %% [markdown] tags=["zh"]
# ## 留言、访谈与问卷是否一致？
#
# 某一原因的占比区间相互重叠，即视为来源一致。每个来源都有自己的偏向：谁会投诉、谁受邀访谈、谁作答问卷。

# %%
if sources["share"].notna().any():
    show(
        "voice",
        "said_triangulation",
        "described",
        figures.draw_triangulation(sources, page.lang),
        text_causes.triangulation_table(sources, page),
        found=text_causes.triangulation_lines(sources, page)[-1:],
    )

# %% [markdown] tags=["en"]
# ## What words have to do with staying
#
# How a complaint was handled is read two weeks after it, and only members still there are followed from then on: otherwise those who stayed long
# enough to be answered would look loyal because of the answer.

# %% [markdown] tags=["zh"]
# ## 会员说的话与去留的关系
#
# 投诉如何处理，以投诉两周之后的情况为准，并且只跟踪那时仍在会的会员；否则，因留得久才等到答复的人，会被误认为是因答复而忠诚。

# %%
level, said_days = page.params.run.false_discovery, page.params.survival.said_days
effects = topic_hazard_ratios.effect_table(page.results("topic_hazard"), topics, page)
found = topic_hazard_ratios.effect_lines(effects, level, said_days, page)
if len(effects):
    drawn = figures.draw_effects(effects, level, page.lang)
    show("voice", "said_effects", "associated", drawn, effects, topic_hazard_ratios.FORMATS, found=found)
else:
    page.claims("described", found)
outcomes, own = page.results("complaint_outcomes"), page.params.retention
found = complaints.outcome_lines(outcomes, own.complaint_outcome_days, page)
if not outcomes["rate"].notna().any():
    page.claims("associated", found)
else:
    table, figure = (
        complaints.outcome_table(outcomes, page),
        retention_figures.draw_outcomes(outcomes, page.lang),
    )
    show("retention", "outcomes", "associated", figure, table, complaints.FORMATS, found=found)

# %% [markdown] tags=["en"]
# ## Those who say nothing

# %% [markdown] tags=["zh"]
# ## 什么都没说的人

# %%
quiet, horizon = page.results("silence"), page.params.panel.horizon_days
found = complaints.silence_lines(quiet, own.silent_days, horizon, page)
if not quiet["rate"].notna().any():
    page.claims("described", found)
else:
    table, figure = (
        complaints.silence_table(quiet, page),
        retention_figures.draw_silence(quiet, page.lang),
    )
    show("retention", "silence", "described", figure, table, complaints.FORMATS, found=found)

# %% [markdown] tags=["en"]
# ## What this does not show
#
# Not why members left: a text names a cause, it does not prove one, and most who leave write nothing. Not the effect of solving complaints faster:
# which complaints are solved fast is no coin toss. Sarcasm, hints and languages other than Chinese and English are not heard.

# %% [markdown] tags=["zh"]
# ## 这份报告没有说明什么
#
# 没有证明会员为什么离开：留言提到某个原因，并不等于原因得到证实，而且多数离开的人什么都没写。也没有说明更快处理投诉的效果：
# 哪些投诉被快速处理并非随机。反讽、暗示以及中英文以外的语言，这里听不出来。
