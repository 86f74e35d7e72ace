"""Holds the Chinese words that leave open which value holds, or take it back where it stands."""

from __future__ import annotations

from guardbind.text.unsettling import Unsettling
from guardbind.text.wordlists import anywhere, wordlist

__all__ = ["UNSETTLING"]

UNSETTLING = Unsettling(
    led=anywhere(
        "原来?|原來|先|曾经?|曾經|以前|旧|舊|不是|非|约|約|大约|大約|大概|可能|最多|最少|至少|超过|超過|例如|比如|从|從"
    ),
    trailed=anywhere(
        "或|左右|以上|以下|以内|以內|待定|暂定|暫定|待确认|待確認|取消|作废|作廢|无效|無效|过期|過期|错误|錯誤|示例|例子|猜|可能|如果"
        "|开玩笑|開玩笑|假的|旧|舊|已删|已刪"
    ),
    turned=anywhere("后来?|後來?|现在?|現在?|改为|改為|改成|不对|不對|今|然后|然後"),
    belied=anywhere(
        "撒谎|撒謊|说谎|說謊|骗子|騙子|总是错|總是錯|开玩笑|開玩笑|假的|(?:错误|錯誤|过期|過期|旧)的?(?:传单|名单|通知|表|公告|版本)"
    ),
    taken_back=anywhere(
        "(?:这|這|那)?是?(?:骗人|騙人|假|瞎编|瞎編|编造|編造)的|开玩笑|開玩笑|对还是错|對還是錯|别信|別信|哈哈"
        # Who speaks corrects himself: "4417，哦不对，那是自行车棚的".
        "|(?:啊|哦|噢|呃|欸|诶|唉)?[，, ]*(?:不对|不對|不是|等等|等一下|等下|说错了?|說錯了?|搞混了?|记错了?|記錯了?)"
    ),
    totals=wordlist("合计 合計 总计 總計 总额 總額 总共 總共 共计 共計 总数 總數"),
)
