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
# # Start here
#
# Why do members leave, and what would keep them? Below: the answer in three lines, then one notebook for each question.
# The pages for reviewers (`reports/index.html`) say the same without code.

# %% [markdown] tags=["zh"]
# # 从这里开始
#
# 会员为什么离开？怎样才能留住他们？下面先用三句话给出结论，再列出回答各个问题的笔记本。
# 面向评审人员的页面（`reports/index.html`）内容相同，不含代码。

# %%
from whychurn.report.page.headlines import PLACES
from whychurn.report.page.report_page import Page

page = Page.open()
headlines = page.headlines().sort_values("place", key=lambda place: place.map(PLACES.index), kind="stable")
page.answer(
    "\n\n".join(headlines.drop_duplicates("place")["text"].head(3)) or page.say("delivery.start_no_answer")
)

# %% [markdown] tags=["en", "history"]
# ## Which notebook answers what
#
# | notebook | question |
# |---|---|
# | [Data](10_data.py) | What came in, what was set aside, and who counts as gone? |
# | [Retention](20_retention.py) | Who left, and when in their life as a member? |
# | [Survival](25_survival.py) | How long do members stay, and from which cause does the stay end? |
# | [Risk](30_risk.py) | Who is next, how sure is that, and what goes with it? |
# | [Voice](40_voice.py) | What do members say, and do the sources agree? |
# | [Causes](50_causes.py) | Why did they leave, and how much of it could be avoided? |
# | [Asked by lot](55_interviews.py) | What do leavers say who were drawn by lot, and what would more answers tell? |
# | [What keeps members](60_action.py) | What keeps members, what does harm, what to do this month, and how do we know? |
# | [What changed](70_watch.py) | Did the data come in whole, what changed since last month, and is it real? |

# %% [markdown] tags=["zh", "history"]
# ## 哪份笔记本回答什么问题
#
# | 笔记本 | 回答的问题 |
# |---|---|
# | [数据](10_data.py) | 收到了哪些数据，哪些被隔离，怎样才算流失？ |
# | [留存](20_retention.py) | 谁流失了，发生在会员生命周期的哪个阶段？ |
# | [在会时长](25_survival.py) | 会员能留多久，因哪种原因流失？ |
# | [风险](30_risk.py) | 接下来谁会流失，把握有多大，与哪些因素有关？ |
# | [声音](40_voice.py) | 会员在说什么，各来源是否一致？ |
# | [原因](50_causes.py) | 会员为什么离开，有多少可以避免？ |
# | [抽样回访](55_interviews.py) | 随机抽取的流失会员怎么说，更多回答还能说明什么？ |
# | [留存措施](60_action.py) | 什么能留住会员，什么有害，本月做什么，如何得知？ |
# | [变化](70_watch.py) | 数据是否完整到达，与上月相比有什么变化，变化是否属实？ |

# %% [markdown] tags=["en", "snapshot"]
# ## Which notebook answers what
#
# | notebook | question |
# |---|---|
# | [Data](10_data.py) | What came in, what was set aside, and what was assumed? |
# | [One row per customer](15_snapshot.py) | What does this table tell of leaving, and what can it not tell? |

# %% [markdown] tags=["zh", "snapshot"]
# ## 哪份笔记本回答什么问题
#
# | 笔记本 | 回答的问题 |
# |---|---|
# | [数据](10_data.py) | 收到了哪些数据，哪些被隔离，作了哪些假定？ |
# | [一客一行](15_snapshot.py) | 这张表能说明哪些流失问题，又有哪些说明不了？ |

# %% [markdown] tags=["en"]
# ## How to read the reports
#
# Statements carry a badge with one to four bars. They form a ladder, weakest first:
#
# | badge | what stands behind it | what you may conclude |
# |---|---|---|
# | Counted | counting | this is what happened |
# | Model | a model: chance to leave, SHAP, hazard ratio | the two go together; do not yet act on it as a cause |
# | Attributed | a method that assigns causes, its accuracy measured where true causes are known | the likely cause, with that accuracy |
# | Tested | a randomised test | doing this has this effect |
#
# A figure about fewer than ten members is withheld: it could identify someone. Members who did not agree to
# profiling count in totals, and are neither scored nor explained.

# %% [markdown] tags=["zh"]
# ## 怎样阅读这些报告
#
# 每个结论都带有一个标记，上面有一到四格，由弱到强构成一架“梯子”：
#
# | 标记 | 依据 | 可以得出什么 |
# |---|---|---|
# | 统计 | 直接统计 | 事情就是这样发生的 |
# | 相关 | 模型：流失概率、SHAP、风险比 | 两者同时出现，但还不能当作原因来采取措施 |
# | 归因 | 归因方法，其准确率已在预设真值已知的数据上实测 | 最可能的原因，把握以实测准确率为准 |
# | 实验 | 随机对照实验 | 这样做就会有这样的效果 |
#
# 涉及不足十名会员的数字不予显示，以免识别到个人。不同意画像的会员只计入总数，既不评分，也不作解释。

# %% [markdown] tags=["en"]
# ## Where everything is, and how to change it
#
# - `params.yaml` holds the choices made most often, one section per step: the churn definition, the horizon, the search
#   budget; `whychurn params` lists all. Change one and run `whychurn run`: only the steps that depend on it run again.
# - `data/results/` holds the tables behind the reports, as Parquet; each table here can also be downloaded as CSV.
# - `notebooks/` holds these reports as scripts. `make lab` opens them as notebooks; `whychurn report` renders them again.
# - For another programme: put its tables in `FOLDER/raw/` and run `whychurn run --study FOLDER`.

# %% [markdown] tags=["zh"]
# ## 内容在哪里，怎样修改
#
# - 常用选项都在 `params.yaml` 里，每个步骤一节，例如流失的定义、预测时长、调参预算；`whychurn params` 列出全部选项。
#   改好后运行 `whychurn run`，只有受影响的步骤会重新计算。
# - `data/results/` 存放报告背后的结果表（Parquet 格式）；报告中的每张表也可以下载为 CSV。
# - `notebooks/` 是这些报告的脚本。`make lab` 以笔记本方式打开，`whychurn report` 重新生成报告。
# - 分析另一个会员项目：把数据表放进 `某文件夹/raw/`，运行 `whychurn run --study 某文件夹`。

# %% [markdown] tags=["en"]
# ## What this does not show
#
# Nothing here says yet what would *keep* members. Causes are attributed, with an accuracy measured on simulated programmes; what an action
# achieves only a randomised test tells. A bar that explains a risk model explains the model, not the world.

# %% [markdown] tags=["zh"]
# ## 本报告没有说明什么
#
# 目前的结果还没有回答怎样才能 *留住* 会员：原因由归因得出，其准确率在模拟项目上测得；某项措施的效果，只有随机对照实验才能说明。
# 解释风险模型的图，解释的是模型，而不是现实世界。
