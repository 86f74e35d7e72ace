"""Holds the Chinese words that ask, by what answers them."""

from __future__ import annotations

from guardbind.text.asking import LENGTHS, MASSES, Interrogatives
from guardbind.text.wordlists import anywhere, wordlist

__all__ = ["ASKING"]

_LENGTH = f"{LENGTHS}|[公英厘毫]?[米里尺寸分]|公尺"
_TIME = "[年月周天日时時分秒岁歲]|个月|個月|小时|小時|星期"
_MASS = f"{MASSES}|公?[斤克吨噸]|千克"

ASKING = Interrogatives(
    polite=anywhere(
        "(?:能不能|能否|可不可以|可以|可否|(?<![可功智性不])能)(?:请|請|麻烦)?"
        "(?:告诉|告訴|帮我(?:查|看|找)|幫我(?:查|看|找)|给我说|給我說)(?:我|一下|下)?",
    ),
    kinds={
        "none": anywhere("为什么|為什麼|为何|為何|怎么(?!称呼|写)|怎麼(?!稱呼|寫)|怎样|怎樣|如何"),
        "measure": anywhere("有?多(?P<degree>[大长長久高重宽寬远遠深厚快冷热熱旧舊])"),
        "time": anywhere("什么时候|什麼時候|何时|何時|哪天|哪一天|几点|幾點|几号(?=[开到过出])|哪年|什么日期|什麼日期"),
        "price": anywhere("多少钱|多少錢|价钱|價錢"),
        "name": anywhere("谁|誰|哪位"),
        "place": anywhere("哪里|哪裡|哪儿|何处|何處|几楼|幾樓"),
        "any": anywhere("什么(?!时候)|什麼(?!時候)|哪|多少(?![钱錢])|几|幾"),
    },
    measures={
        **dict.fromkeys("宽寬远遠深厚高", _LENGTH),
        **dict.fromkeys("长長", f"{_LENGTH}|{_TIME}"),
        "大": f"{_LENGTH}|平|岁|歲|{_TIME}",
        "久": _TIME,
        "重": _MASS,
    },
    nouns=wordlist("间 間 个 個 号 號 所 栋 棟 位 张 張 台 本 条 條 层 層"),
    times=anywhere("星期|周[一二三四五六日天]|礼拜|早上|上午|中午|下午|晚上|今天|明天|每[天周月年]|[点點]"),
    former=anywhere("以前|之前的|原来的|原來的|原先|曾经|曾經|过去的|過去的"),
    implied=(
        (anywhere("有?多重"), ("重量", "体重", "體重")),
        (anywhere("有?多高"), ("高度", "身高")),
        (anywhere("有?多[长長](?![时時])"), ("长度", "長度")),
        (anywhere("有?多[宽寬]"), ("宽度", "寬度")),
        (anywhere("多少[钱錢]"), ("价格", "價格", "单价", "單價", "票价", "票價")),
    ),
)
