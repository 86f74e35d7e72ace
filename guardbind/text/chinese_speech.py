"""Holds what Chinese says about a statement, and what says that a value is no longer so."""

from __future__ import annotations

import re

from guardbind.text.disowning import Disowning
from guardbind.text.speech import Changes, Speech
from guardbind.text.unsettling import Unsettling
from guardbind.text.wordlists import anywhere, wordlist

__all__ = ["CHANGES", "DISOWNING", "SPEECH", "UNSETTLING"]


SPEECH = Speech(
    frames={
        "former": anywhere(
            "去年|前年|上个月|上個月|上周|以前|之前|过去|過去|早先|早年|原先|原本|曾经|曾經|当初|當初|起初|一度|前任|旧版|舊版",
            "(?:直到|截至|到)[^。；，]{1,12}(?:为止|為止)",
        ),
        "supposed": anywhere("如果|假如|假设|假設|要是|倘若|万一|萬一|设想|設想|想象|想像|打个比方"),
        "said": anywhere("据说|據說|听说|聽說|传闻|傳聞|有人[说說]|网上|網上|坊间|声称|聲稱|号称|號稱"),
        "planned": anywhere("计划|計劃|打算|预计|預計|即将|即將|拟于|准备|準備|原定|本来要|有望|可能会|可能會"),
        "example": anywhere("例如|比如|譬如|示例|样例|範例|举例|舉例"),
    },
)

CHANGES = Changes(
    cue=re.compile(
        r"(?:更正|补充|補充|更新|抱歉|对不起|對不起|不好意思|纠正|糾正|修正|订正|刚才[说說]错了?)[：:，,！!。]*"
    ),
    refers=anywhere("它|他|她|这个|這個|那个|那個|新的|改|换|換"),
    newer=anywhere("新|最新|现|現|当前|當前|正确|正確|更新后?"),
    stale=anywhere(
        "更正|作废|作廢|失效|过期|過期|不再|搞错|搞錯|弄错|弄錯|[说說]错|[说說]錯|写错|寫錯|记错|記錯|别管|別管|忽略|不算数|不算數",
        "已经?(?:更换|更改|变更|取消|撤销|调整|停用|改)|已經?(?:更換|變更|調整|撤銷)|换了|換了|改了|变了|變了|改成|改为|改為|取代",
        "以[^。；，]{1,12}为准|以[^。；，]{1,12}為準|其实|其實|实际上|實際上|应该是|應該是|忘掉|没人知道|沒人知道",
    ),
)

DISOWNING = Disowning(
    labels=anywhere(
        "作废|作廢|失效|过期|過期|废弃|廢棄|旧表|舊表|旧版|舊版|旧名单|舊名單|草稿|草案|示例|样例|範例"
        "|例子|虚构|虛構|虚拟|模板|测试数据|測試資料",
        "不再(?:有效|适用|適用|使用)|已取消|已撤销|已撤銷|去年|上个?月|请勿使用|請勿使用|无效|無效|错误|錯誤|不实|不實",
    ),
    notes=anywhere(
        "(?:以上|上述|上面|这些|這些|名单|名單|表格|表中|数据|數據|全部|所有)[^。；\\n]{0,20}"
        "(?:作废|作廢|失效|过期|過期|错误|錯誤|虚构|虛構|无效|無效|不再|已变|已變|改了|换了|換了|更换"
        "|更換|取消|不正确|不正確|是假的)",
        "(?:忽略|别管|別管|忘掉|不要用)[^。；\\n]{0,10}(?:以上|上述|上面|名单|名單|表)",
    ),
    below=anywhere("以下|下面|下列"),
    reshuffled=anywhere(
        "换了|換了|对调|對調|互换|互換|交换|交換|调换|調換|改名|改为|改為|应为|應為|重新编号|重新編號|上调|下调|上調|下調|撒谎|說謊|说谎"
    ),
)

UNSETTLING = Unsettling(
    led=anywhere(
        "原来?|原來|先|曾经?|曾經|以前|旧|舊|不是|非|约|約|大约|大約|大概|可能|最多|最少|至少|超过|超過|例如|比如|从|從"
    ),
    trailed=anywhere(
        "或|左右|以上|以下|以内|以內|待定|暂定|暫定|待确认|待確認|取消|作废|作廢|无效|無效|过期|過期|错误|錯誤|示例|例子|猜|可能|如果"
        "|开玩笑|開玩笑|假的|旧|舊|已删|已刪"
    ),
    turned=anywhere("后来?|後來?|现在?|現在?|改为|改為|改成|不对|不對|今|然后|然後"),
    totals=wordlist("合计 合計 总计 總計 总额 總額 总共 總共 共计 共計 总数 總數"),
)
