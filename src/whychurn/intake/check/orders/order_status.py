"""Orders that were cancelled or refunded by the words of a column of status that is mapped to nothing."""

import re
from typing import Final

import pandas as pd

from whychurn.intake.check.checked_table import CheckedTable
from whychurn.intake.read.dtypes import as_text
from whychurn.intake.read.raw_table import RawTable

_HEADER: Final = re.compile(r"(?i)stat(?:e|us)\b|_stat(?:e|us)|cancel|状态|取消")
_CANCELLED: Final = frozenset(
    [
        "cancelled",
        "canceled",
        "void",
        "voided",
        "failed",
        "declined",
        "abandoned",
        "expired",
        "rejected",
        "cancellation",
        "已取消",
        "取消",
        "交易关闭",
        "已关闭",
        "支付失败",
        "已作废",
        "作废",
        "订单取消",
        "交易取消",
    ]
)
_REFUNDED: Final = frozenset(
    [
        "refunded",
        "refund",
        "returned",
        "chargeback",
        "charged_back",
        "fully_refunded",
        "已退款",
        "退款",
        "退货",
        "已退货",
        "退款成功",
        "全额退款",
    ]
)
_SOUND: Final = frozenset(
    [
        "completed",
        "complete",
        "paid",
        "fulfilled",
        "shipped",
        "delivered",
        "processing",
        "closed",
        "success",
        "succeeded",
        "authorized",
        "confirmed",
        "approved",
        "done",
        "ok",
        "active",
        "pending",
        "on_hold",
        "unfulfilled",
        "partially_refunded",
        "partial",
        "new",
        "open",
        "sent",
        "settled",
        "captured",
        "交易成功",
        "已完成",
        "完成",
        "已付款",
        "已支付",
        "已发货",
        "已收货",
        "待收货",
        "待发货",
        "成功",
        "已签收",
        "部分退款",
        "已确认",
        "待付款",
        "未支付",
    ]
)
_KNOWN: Final = 0.8  # share of rows with words of these lists: the column is a status


def mark_status(checked: CheckedTable, raw: RawTable) -> None:
    """Take cancelled orders out and mark refunded ones as returned with nothing paid, and say so.

    Only a column that serves no contract column is looked at: who maps it decides.
    """
    for name in checked.unused:
        if not _HEADER.search(name):
            continue
        words = as_text(raw.frame[name].reset_index(drop=True)).str.strip().str.casefold()
        words = words.str.replace(r"[ -]+", "_", regex=True)
        cancelled, refunded = words.isin(_CANCELLED), words.isin(_REFUNDED)
        known = cancelled | refunded | words.isin(_SOUND)
        if known.sum() >= _KNOWN * max(words.notna().sum(), 1) and (cancelled | refunded).any():
            _take_out(checked, name, words, cancelled, refunded)


def _take_out(
    checked: CheckedTable, header: str, words: pd.Series, cancelled: pd.Series, refunded: pd.Series
) -> None:
    good = checked.row_reasons.good
    gone = cancelled.to_numpy(dtype=bool) & good
    back = refunded.to_numpy(dtype=bool) & good
    checked.row_reasons.mark(gone, "netted", "amount")
    for key, hit in (("notice_cancelled", gone), ("notice_given_back", back)):
        if hit.any():
            example = str(words[hit].iloc[0])
            sum_ = f"{checked.frame['amount'][hit].sum():,.2f}"
            checked.notices.append(
                (key, {"header": header, "n": int(hit.sum()), "word": example, "sum": sum_})
            )
    if back.any():
        checked.frame["amount"] = checked.frame["amount"].mask(back, 0.0)
        checked.frame["returned"] = (checked.frame["returned"].fillna(False) | back).astype("boolean")
