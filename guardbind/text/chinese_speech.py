"""Holds what Chinese says about a statement, and what says that a value is no longer so."""

from __future__ import annotations

import re

from guardbind.text.speech import Changes, Speech
from guardbind.text.wordlists import anywhere

__all__ = ["CHANGES", "SPEECH"]


SPEECH = Speech(
    frames={
        "former": anywhere(
            "去年|前年|上个月|上個月|上周|以前|之前|过去|過去|早先|早年|早些年|很久以前|最初是|原先|原本|曾经|曾經|当初|當初|起初|一度|前任|旧版|舊版",
            "(?:直到|截至|到)[^。；，]{1,12}(?:为止|為止)",
        ),
        "supposed": anywhere("如果|假如|假设|假設|要是|倘若|万一|萬一|设想|設想|想象|想像|打个比方"),
        "said": anywhere(
            "据说|據說|听说|聽說|传闻|傳聞|有人[说說]|网上|網上|坊间|声称|聲稱|号称|號稱|告诉我[:：]|告訴我[:：]|留言[:：]",
            "据[^，。]{1,8}[称說说稱]|據[^，。]{1,8}[称說说稱]|电影[里中]|電影[裡中]|小说[里中]|小說[裡中]|笑话[里中]|笑話[裡中]|故事[里裡中]|梦[见里中]|夢[見裡中]",
        ),
        "planned": anywhere("计划|計劃|打算|预计|預計|即将|即將|拟于|准备|準備|原定|本来要|有望|可能会|可能會"),
        "example": anywhere("例如|比如|譬如|示例|例句|示范|示範|样例|範例|举例|舉例"),
    },
)

CHANGES = Changes(
    cue=re.compile(
        r"(?:更正|补充|補充|更新|抱歉|对不起|對不起|不好意思|纠正|糾正|修正|订正|刚才[说說]错了?)[：:，,！!。]*"
    ),
    refers=anywhere("它|他|她|这个|這個|那个|那個|新的|改|换|換"),
    but=re.compile(r"[，,]?而是(?=\S)"),
    newer=anywhere("新|最新|现|現|当前|當前|正确|正確|更新后?"),
    stale=anywhere(
        "更正|作废|作廢|失效|过期|過期|不再|搞错|搞錯|弄错|弄錯|[说說]错|[说說]錯|写错|寫錯|记错|記錯|别管|別管|忽略|不算数|不算數",
        "已经?(?:更换|更改|变更|取消|撤销|调整|停用|改)|已經?(?:更換|變更|調整|撤銷)|换了|換了|改了|变了|變了|改成|改为|改為|取代",
        "以[^。；，]{1,12}为准|以[^。；，]{1,12}為準|其实|其實|实际上|實際上|应该是|應該是|忘掉|没人知道|沒人知道",
    ),
)
