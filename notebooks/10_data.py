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
# # Data
#
# What came in, what was set aside and why, and who counts as gone?

# %% [markdown] tags=["zh"]
# # 数据
#
# 收到了哪些数据，哪些被隔离、为什么，怎样才算流失？

# %%
from whychurn.report.data.charts import draw_definitions, draw_threshold_curve
from whychurn.report.data.sentences import (
    assumptions_table,
    curve_note,
    definitions_table,
    leakage_table,
    left_out_lines,
    not_understood_table,
    notice_lines,
    reasons_table,
    redactions_table,
    tables_read,
    uncounted_acts_line,
)
from whychurn.report.page.missing_leavers import missing_leavers_line
from whychurn.report.page.report_page import Page

page = Page.open()


def show_table(frame, name, title, **more):
    """A table of this page, with the names of its columns in words."""
    labels = page.columns(frame) | more.pop("labels", {})
    page.table(frame, name=name, title=page.say(f"delivery.{title}"), rung="described", labels=labels, **more)


intake, definition = page.facts("intake"), page.facts("panel")
read = tables_read(intake, page.lang)
questions = intake["questions"]
answerable = sum(entry["answerable"] for entry in questions)
kind = definition.get("kind", "snapshot")
threshold = definition.get("threshold_days" if kind == "inactivity" else "grace_days")
left = page.say(f"delivery.data_left_{kind}", days=page.format(threshold, "days"))
days = "data_answer" if definition else "data_answer_snapshot"
fit_share = 1 - read["quarantined"].sum() / max(read["read"].sum(), 1)
fit = "all" if fit_share == 1 else "part"
numbers = {
    "read": page.format(read["read"].sum(), "int"),
    "fit": page.format(min(fit_share, 0.999) if fit == "part" else 1, "percent"),
}
page.answer(
    page.say(
        f"delivery.{days}",
        read=numbers["read"],
        fit=page.say(f"delivery.data_fit_{fit}", **numbers),
        since=page.format(intake["observed_from"], "date"),
        until=page.format(intake["observed_until"], "date"),
        answerable=answerable,
        asked=len(questions),
        left=left,
    )
)
unknown, least = page.results("not_understood"), page.params.privacy.min_cell
for line in missing_leavers_line(definition, page.lang) + uncounted_acts_line(unknown, page.lang, least):
    page.claim("described", line)

# %% [markdown] tags=["en"]
# ## What came in
#
# A row that does not fit is not dropped in silence: it goes to quarantine with the reason. For every
# table, rows read (and added) = rows kept + quarantined + accounted for by another row (lines of one order, copies,
# refunds).

# %% [markdown] tags=["zh"]
# ## 收到了什么
#
# 不合格的行不会被悄悄丢弃，而是连同原因放进隔离区。每张表都满足：读入（及补入）行数 = 保留行数 + 隔离行数 + 已由他行体现的行数（同一订单的明细、重复行、退款）。

# %%
show_table(read, "tables", "data_tables", formats={"share": "percent"})
reasons = reasons_table(intake, page.lang)
show_table(reasons, "quarantine", "data_reasons", limit=12)
page.headline("how_sure.rows_fit", round(fit_share, 6), page.say(f"delivery.head_fit_{fit}", **numbers))

# %% [markdown] tags=["en"]
# ## How it was read
#
# What a table leaves open was decided by the evidence of its whole columns. Each such decision is listed, with the
# setting that decides otherwise. Values that are no codes of the contract are counted, and nothing is concluded from them.

# %% [markdown] tags=["zh"]
# ## 如何读取
#
# 数据表没有写明的地方，根据整列数据判断。每项判断都列在下面，并注明如何改用其他读法。不属于约定代码的取值只作统计，不据以得出任何结论。

# %%
assumptions = assumptions_table(intake, page.lang)
if len(assumptions):
    show_table(assumptions, "assumptions", "data_assumptions")
unknown = not_understood_table(unknown, page.lang, least)
if len(unknown):
    words = {name: page.say(f"delivery.column_unknown_{name}") for name in ("value", "members")}
    formats = dict.fromkeys(("rows", "members"), "int")
    show_table(unknown, "not_understood", "data_not_understood", labels=words, formats=formats, limit=20)
for line in notice_lines(intake, page.lang):
    page.claim("described", line)

# %% [markdown] tags=["en"]
# ## What protects members
#
# Member ids are pseudonyms made with a key that stays with the company. Phone numbers, e-mail addresses, identity and
# bank cards and addresses are blacked out in free text before anything else reads it.

# %% [markdown] tags=["zh"]
# ## 怎样保护会员
#
# 会员编号换成用密钥生成的假名编号，密钥由企业自己保管。留言等文字里的电话、邮箱、身份证号、银行卡号和地址，
# 在其他任何步骤读取之前就已涂黑。

# %%
redactions = redactions_table(intake, page.lang)
show_table(redactions, "redactions", "data_redactions")
page.claim(
    "described", page.say("delivery.data_consent", members=page.members(intake["members_without_consent"]))
)

# %% [markdown] tags=["en"]
# ## Which questions these data answer

# %% [markdown] tags=["zh"]
# ## 这些数据能回答哪些问题

# %%
every = "_all" if answerable == len(questions) else ""
page.claim(
    "described", page.say(f"delivery.data_questions{every}", answerable=answerable, asked=len(questions))
)
for entry in questions:
    page.unanswered(entry["id"])

# %% [markdown] tags=["en", "history"]
# ## Who counts as gone
#
# A shop has no term that ends, so someone is called gone after a long silence. How long is a choice: a short threshold
# calls many gone who come back; a long one notices late. A programme with terms counts those who did not renew in
# the days of grace.

# %% [markdown] tags=["zh", "history"]
# ## 怎样才算流失
#
# 商城没有到期日，只能把长时间沉默的会员视为流失。多长算长，是一种选择：判定天数太短，很多视为流失的会员
# 后来又回流；判定天数太长，则发现得太晚。有会籍期限的项目，把宽限期内没有续费的会员视为流失。

# %% tags=["history"]
page.claim("described", left)
curve = page.processed("threshold_curve")
enough = curve is not None and (curve["members"] >= page.params.privacy.min_cell).any()
if kind == "inactivity" and enough:
    page.figure(
        draw_threshold_curve(curve, page.lang, threshold),
        title=page.say("delivery.data_curve"),
        alt=page.say("delivery.data_curve_alt", days=threshold),
        rung="described",
        note=curve_note(curve, page),
    )

# %% [markdown] tags=["en", "history"]
# ## What changes with the definition
#
# Every result that hangs on the definition is computed at several thresholds. If the order of findings changes with the
# threshold, the definition speaks, not the members.

# %% [markdown] tags=["zh", "history"]
# ## 定义变了，结果怎么变
#
# 凡是依赖流失定义的结果，都按几个判定天数各算一遍。如果换个天数结论就变了，那说明的是定义，而不是会员。

# %% tags=["history"]
sensitivity = page.results("definition_sensitivity")
if sensitivity is not None and sensitivity["rate"].notna().any():
    definitions = definitions_table(sensitivity, page.lang, page.params.privacy.min_cell)
    low, high = (page.format(definitions["rate"].agg(end), "percent") for end in ("min", "max"))
    found = [page.say("delivery.data_stable", low=low, high=high)]
    if definitions["rank_agreement"].notna().any():
        tau = page.format(definitions["rank_agreement"].min(), "number")
        found.append(page.say("delivery.data_stable_order", tau=tau))
    page.figure(
        draw_definitions(definitions, page.lang),
        **page.caption("delivery.data_definitions"),
        rung="described",
        found=found,
    )
    columns = "definition members churners rate low high came_back_share rank_agreement suppressed"
    shown = definitions[columns.split()]
    percent = dict.fromkeys(["rate", "low", "high", "came_back_share"], "percent")
    show_table(
        shown,
        "definitions",
        "data_definitions_table",
        formats=percent | {"members": "int", "churners": "int"},
    )

# %% [markdown] tags=["en", "history"]
# ## Was anything known too early?
#
# A model that sees the future looks brilliant and is worthless. Rows from after each snapshot were added and every feature
# computed again: none may change. Label windows of training and test may not overlap. A single feature that predicts
# almost perfectly is flagged.

# %% [markdown] tags=["zh", "history"]
# ## 有没有“提前知道”的信息？
#
# 能看到未来的模型看似出色，其实毫无用处。这里在每个快照之后补入未来的数据，把全部特征重新计算一遍：任何特征都不许变。
# 训练与测试的标签窗口不得重叠；单个特征若能近乎完美地预测流失，也会被标出来。

# %% tags=["history"]
leakage = leakage_table(page.results("leakage"), page.lang)
failed = int((~leakage["passed"]).sum())
page.claim(
    "described",
    page.say(f"delivery.data_leakage_{'failed' if failed else 'passed'}", failed=failed, checks=len(leakage)),
)
for line in left_out_lines(definition, page.lang):
    page.claim("described", line)
show_table(leakage, "leakage", "data_leakage", limit=10)

# %% [markdown] tags=["en"]
# ## What this does not show
#
# Checks see what is impossible, not what is wrong: an amount booked on the wrong day passes. What the company never
# recorded cannot be found here. And a member who is called gone may still come back tomorrow.

# %% [markdown] tags=["zh"]
# ## 本报告没有说明什么
#
# 检查只能发现不可能的数据，发现不了错误的数据：记错日期的金额照样能通过。企业从未记录的事情，这里也找不到。
# 而视为流失的会员，明天也可能回流。
