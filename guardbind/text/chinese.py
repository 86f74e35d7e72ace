r"""Holds every word list of Chinese, in simplified and traditional characters.

No spaces part the words. A run of characters is cut where one of the function words of `stop` or a noun of `generic`
stands; what is between them is one word. A name is written as any other word, so each is taken for one.
"""

from __future__ import annotations

import re

from guardbind.text.chinese_asking import ASKING
from guardbind.text.chinese_disowning import DISOWNING
from guardbind.text.chinese_items import ITEMS
from guardbind.text.chinese_nouns import NOUNS
from guardbind.text.chinese_plain import CARRIERS, CODED, PLAIN
from guardbind.text.chinese_speech import CHANGES, SPEECH
from guardbind.text.chinese_unsettling import UNSETTLING
from guardbind.text.citing import Citing
from guardbind.text.language import Language, Marks, Questions, Statements, Vocabulary, wordlist
from guardbind.text.wordlists import anywhere

__all__ = ["CHINESE"]

_NEVER = "(?!)"
_PRONOUNS = "我 我们 我們 咱们 你 您 你们 你們 您们 本人"
_OTHERS = "他 她 它 他们 他們 她们 她們 它们 它們 其 该人 該人 对方 對方"
_ASKING = (
    "多少 什么 什麼 哪个 哪個 哪位 哪里 哪裡 哪儿 哪天 哪年 哪些 哪 谁 誰 几号 幾號 几点 幾點 何时 "
    "何時 怎么 怎麼 怎样 为什么 為什麼 多大 多长 多久 多高 多重"
)
_DOUBTS = wordlist(
    "如果 若 假如 假设 假設 倘若 要是 是否 是不是 会不会 不 没 沒 未 并非 並非 非 莫非 难道 難道 可能",
    "也许 也許 或许 或許 大概 应该 應該",
    _ASKING,
)
_ADVERBS = wordlist(
    "现在 現在 目前 当前 當前 仍然 依然 已经 已經 后来 後來 随后 隨後 然后 然後 之后 之後 当时 當時 只 才",
    "就 还 還 也 都",
)
_UNTRUE = (
    "(?:假的?|错的?|錯的?|错误的?|錯誤的?|谣言|謠言|谎言|謊言|误传|誤傳|不实的?|不實的?|不正确的?"
    "|不正確的?|不对|不對|不真实的?)"
)
_SAID = "(?:说过?|說過?|声称|聲稱|宣称|宣稱|认为|認為|以为|以為|相信|写道|寫道|确认|確認|表示|觉得|覺得|猜测?|猜測?)"


_VOCABULARY = Vocabulary(
    stop=wordlist(
        "的 是 多少钱 多少錢 钱 錢 为 為 吗 嗎 呢 吧 啊 呀 请 請 请问 請問 问 问题 告诉 告訴 给 給 给我 帮 幫 帮我",
        "幫我",
        "帮忙 查 查询 查詢 查一下 一下 回答 回复 答案",
        "说出 說出 写出 寫出 列出 找出 提供 指出 给出 給出 知道 想知道 想 需要 要 只 只需 直接 根据",
        "根據 按照 依据 以上 上面 上述 以下 下面 上文 资料",
        "資料 信息 数据 數據 文本 内容 內容 表格 中 里 裡 里面 裡面 其中 和 与 與 及 以及 或 或者 在",
        "有 了 把 被 这 這 那 这个 這個 那个 那個 该 該",
        "此 这位 那位 这份 那份 一个 一個 个 個 位 叫 叫做 对应 對應 属于 屬於 拥有 擁有 具体 具體",
        "请用 用 您好 你好 谢谢 謝謝 先生 女士 小姐",
        "等于 等於 到底 究竟 关于 關於 对于 對於 那么 那麼 另外 此外 记录 記錄 登记 登記 显示 顯示",
        "分别 分別 能 能否 可以 可否 麻烦 麻煩 一句话 简短 用的 从",
        _ASKING,
        _PRONOUNS,
        _OTHERS,
    ),
    same={
        **{"电邮": "邮箱", "电子邮箱": "邮箱", "电子邮件": "邮箱", "邮件": "邮箱", "邮箱地址": "邮箱"},
        **{"email": "邮箱", "e-mail": "邮箱", "電郵": "郵箱", "電子郵件": "郵箱"},
        **{"价钱": "价格", "售价": "价格", "價錢": "價格", "手机": "手机号", "手机号": "手机号", "手机号码": "手机号"},
        **{"分机号": "分机", "分机号码": "分机", "分機號": "分機", "分機號碼": "分機"},
        **{"電話號碼": "電話", "电话号": "电话", "电话号码": "电话"},
    },
    first=wordlist("最初 最早 原来 原來 原先 起初 首次 第一次 首个 首個"),
    latest=wordlist("最新 最后 最後 目前 当前 當前 现在 現在 现任 現任 最近 最终 最終"),
    generic=wordlist("号码 號碼 编号 編號 名称 名稱 金额 金額 日期 地址 代码 代碼 字段 数值 數值"),
    naming=wordlist("姓名 名字 名称 名稱 name"),
    contents=frozenset({"目录", "目錄"}),
    trailing=wordlist("号码 號碼 编号 編號 地址 名称 名稱"),
    plain=PLAIN,
    places=CARRIERS,
    coded=CODED,
)

_MARKS = Marks(
    abbreviations=("mr", "mrs", "ms", "dr", "prof", "e.g", "i.e", "vs"),
    counted=("no", "nr", "fig", "vol", "p", "tel", "ext"),
    closing=("etc", "inc", "ltd", "co", "corp"),
    legal_forms=wordlist("ltd inc llc"),
    ordinals=False,
    ordinal_before=frozenset(),
    nouns_are_capital=False,
    listing="和|与|與|及|以及|或|或者|跟",
    joining="并且|並且|而且|以及",
    opening=(
        "另外|此外|现在|現在|目前|当前|當前|如今|眼下|今天|今日|而且|并且|並且|其中|已知|但是?|不过|不過|那么"
        "|那麼|所以|同时|同時|然后|然後|后来|後來"
        "|经查|據查|据查|根据记录"
    ),
    of="的",
    possessive="的",
    genitives=(),
    spaced=False,
)

_NUMERAL = r"[一二两兩三四五六七八九十\d]"

_QUESTIONS = Questions(
    computed=anywhere(
        "总和|總和|合计|合計|总计|總計|一共|总共|總共|之和|加起来|加起來|相加|加上|相减|減去|减去|之差"
        "|差额|差額|相差|差多少|乘以|除以|倍|一半|翻倍",
        "平均|中位数|中位數|百分之|百分比|多少个|多少個|多少人|几个|幾個|几位|多少位|倒过来|反过来"
        "|倒序|改写|改寫|重写|重寫|匿名|换算|換算|折合|转换|轉換|四舍五入|四捨五入",
        f"翻译|翻譯|拼写|拼音|首字母|[前后後]{_NUMERAL}[位个個]|第{_NUMERAL}[位个個]|尾号|尾號|末尾"
        f"|缩写|縮寫|简写|簡寫|哪个世纪|哪個世紀|几世纪|幾世紀|第二|第三|上一个|上一個|前一个|前一個|以前的|之前的|旧的|舊的",
        "比较|比較|对比|更[大小高低贵便多少长短早晚]|最[大小高低贵便多少长短早晚贵](?!新)|交换|交換"
        "|互换|替换|替換|换成|改成|复制|複製|打折|折扣后|隐藏|脱敏|遮盖",
        "如果|假如|假设|假設|要是|倘若|想象|想像|虚构|编造|生成|创建|修改|更改|增加|减少|昨天|前天"
        "|上周|上个月|去年|多[几少](?:天|年|元)",
    ),
    several=anywhere(
        "(?<![首古国故帝])都是|全部|所有|每个|每個|每位|每人|各自|各是|分别|分別|两个|兩個|两位|兩位|两人|二人|三个"
        "|三位|四个|五个|几个人|大家|哪些"
    ),
    negated=anywhere("不|没有|沒有|没|沒|未|并非|並非|而非|除了|除外|以外|之外|错误|錯誤|虚假"),
    condition=re.compile(r"\s*(?:如果|若|否则|否則|不要|除非|没有|沒有|找不到|不知道)"),
    who=anywhere("谁|誰|哪位|哪个|哪個|哪家|哪一|什么|什麼"),
    which=wordlist("哪个 哪個 哪位 哪些 哪 什么 什麼"),
    cues={
        "date": anywhere("什么时候|什麼時候|何时|何時|哪天|哪一天|几号|幾號|哪年"),
        "money": anywhere("多少钱|多少錢|花了多少|卖多少|價錢|价钱"),
        "email": re.compile(r"\A(?!.*(?:谁|誰|哪位)).*(?:邮箱|郵箱|电邮|e-?mail)", re.IGNORECASE | re.DOTALL),
        "url": anywhere("网址|網址|链接|鏈接|网站"),
    },
    cue_words=wordlist("钱 錢 时候 時候 邮箱 郵箱 网址 網址 链接 网站 花 卖"),
    plural=anywhere("分别|分別|(?<![首古国故帝])都是|各是"),
    past=anywhere("曾|之前|以前|原来|原來|原先|过去|過去|后来|後來|当时"),
    whose=re.compile(r"(?:我|你|您|他|她|它|我们|你们|他们|咱们)的?[^\W\d_]{0,4}\Z"),
    corrected=anywhere("更正|纠正|糾正|勘误|我的意思是|说错|說錯|弄错|弄錯|搞混|记错|写错"),
    form=re.compile(r"(?:以|用|按)(?P<form>[^\W\d_]{1,6}?)(?:为单位|為單位|格式|表示|形式|来表示|拼写|写)"),
    limits=anywhere(
        "包括|包含|之间|之間|至少|最多|大约|大約|左右|超过|超過|不到|开头|開頭|结尾|結尾|认为|認為|说过|約为"
    ),
    behind=re.compile(r"(?:在|从|從|关于|關於|对于)(?:这|這|那|该|該)?[张張个個份条條]?\Z"),
    head=re.compile(rf"{_NEVER}(?P<head>\w+)"),
    related=re.compile(rf"{_NEVER}(?P<noun>\w+)"),
    owned=re.compile(r"的(?P<noun>[^\W\d_]{1,20})"),
    order=re.compile(
        r"(?P<unwanted>(?:不是|不要|而不是))?(?:(?P<first>最初|最早|原来|原來|原先|起初|第一[个個次]|首[个個次])"
        r"|(?:最新|最后|最後|目前|当前|當前|现在|現在|最近|最终))"
    ),
    idle=re.compile(
        "(?:只需?|仅|僅|请只|請只)(?:回答|给出|給出|写出|输出)(?:数值|數值|值|答案)|用(?:一句话|一句話|一个词)(?:来)?(?:回答|说明)"
        "|(?:请|請)?(?:不要|不用|不必|不需要?|无需|無需|无须|勿|别|別)(?:再|多|加|写|寫|做|作|任何|其他|其它|多余的?|额外的?|額外的?)*"
        "(?:解释|解釋|说明|說明|赘述|贅述|评论|評論|内容|內容|文字|废话|廢話)"
    ),
    example=re.compile(r"(?:例如|比如|譬如|示例|样例|範例|格式|如下所示|像这样)[^\n]{0,40}\Z"),
)

_NOW = "(?:现在|現在|目前|当前|當前|如今|现已|現已|已经|已經|已)"
_CHANGED = (
    "(?:改为|改為|改成|变为|變為|变成|更改为|变更为|變更為|更新为|更新為|调整为|調整為|更正为|更正為"
    "|涨到|漲到|升至|降至|增至|减至"
    "|推迟到|延期至|提前到|换成)"
)

_STATEMENTS = Statements(
    verbs=(
        rf"(?P<from>从|由)|{_NOW}?{_CHANGED}了?"
        rf"|(?:{_NOW}|仍然?|依然|就|则|正)?(?:是|(?<![因认認以作称稱成])[为為](?![了何什])|等于|等於|达到?|達到?"
        rf"|(?P<has>(?!)))"
    ),
    new=re.compile(rf"(?:{_NOW}(?:是|[为為])|{_CHANGED}了?)\Z"),
    to=_CHANGED,
    at="在|于|於",
    being="是|为|為|等于|等於|叫|叫做",
    equal="是|为|為|等于|等於",
    changed=_CHANGED,
    determiners=wordlist("这 這 那 这个 這個 那个 那個 该 該 此 这位 那位 本"),
    the=wordlist("这 這 那 该 該"),
    mine=wordlist(_PRONOUNS),
    others=wordlist(_OTHERS),
    doubts=_DOUBTS,
    denied=anywhere(
        f"{_SAID}|[说說](?![明服法])",
        rf"(?:没有人|沒有人|没人|沒人|无人|从未有人|从来没有人)[^。；;]{{0,12}}{_SAID}|不是真的|不属实"
        rf"|不是事实|并不是|並不是|{_UNTRUE}(?:是|的是|：)",
        rf"(?:有人|有些人|某人|网上|坊间|很多人|他们)[^。；;]{{0,12}}{_SAID}|据说|據說|听说|聽說|传闻"
        rf"|傳聞|谣传|谣言|謠言|据传|所谓|所謂",
        rf"不{_SAID}|怀疑|懷疑|否认|否認|质疑|質疑|不相信|误以为|誤以為|错误地|錯誤地|错认为|谎称|谎报",
    ),
    denied_after=re.compile(
        rf"[\"'\u201d\u300d)）]*[，,。；;、]?\s*(?:这|這|但这|但這|此说法|该说法|這個說法|这个说法|这一说法|那)?"
        rf"(?:是{_UNTRUE}|并非事实|並非事實|不是真的|不是事实|不属实|不屬實|是不对的|不对|不正确|纯属虚构)(?!：)"
    ),
    contrast=anywhere("但是|但|然而|不过|不過|其实|其實|事实上|事實上|实际上|實際上|而是"),
    not_names=_DOUBTS | wordlist("这里 那里 这 那 这些 那些 大家 所有 全部 有些 一些", _PRONOUNS, _OTHERS),
    of=wordlist("的"),
    on=wordlist("和 与 與 及 但 而 所以 因为 因為 如果 时 時 在 从 到 由 的 是") | _ADVERBS,
    adverbs=_ADVERBS,
    range=wordlist("到 至 或 或者 和 与 與 及 ~ ～"),
    belongs=re.compile(
        r"(?P<verb>(?<![不非])是)(?P<owner>[^\s，。；！？、：是的]{1,20})的(?P<attribute>[^\s，。；！？、：是的]{1,12})"
        r"(?=[，。；！,;!]|\.(?:\s|\Z)|\s*[\r\n]|\s*\Z)"
    ),
    noted="记为",
    whose=re.compile(r"(?:\A|(?<=[\s。；]))(?:对于|對於|关于|關於|至于)(?P<owner>[^\s，。；！？、：的]{1,20})，\Z"),
    owner=re.compile(r"(?P<owner>.{1,60}?)的\Z"),
    owned=re.compile(rf"(?P<owner>.{{1,60}})的(?P<attribute>[^的]{{1,60}})|{_NEVER}(?P<noun>.)(?P<of>.)"),
    states=wordlist("状态 狀態 情况 情況"),
    clause=anywhere(
        "我|你|您|他|她|它们?|这|這|请|請|是|如果|因为|因為|所以|不要|不能|不会|没有|沒有|吗|嗎|呢|吧|了"
        "|什么|什麼|可以|需要|应该|應該|必须|必須"
    ),
    clause_names=frozenset(),
    request=re.compile(
        r"(?:请|請|麻烦|帮我|幫我|告诉我|告訴我|回答|写出|列出|给出|查询|查一下|只需|务必|[我俺](?:们)?(?:想|要"
        r"|需要)(?:知道|了解|查))"
    ),
    placeholder="值|数值|答案|VALUE|ANSWER",
    assign="set|let|var|const|export|设置",
    questions=wordlist("问题 問題 提问 问 問 query q"),
    number_mark=r"[Nn]o\.|编号|編號|第",
    hers=re.compile(r"(?:他|她|它|其|他们)的?\Z"),
    no_nouns=wordlist("和 与 在 从 到 由 请 拨打 致电 联系 呼叫 见 参见"),
    each="@|每[个個件份]|单价",
    every="每[个個件份]|/[个個件份]",
    value_headings=wordlist("值 数值 數值 value"),
    asked_of_keys={"money": "价格", "date": "日期"},
    value="值",
    possession="{owner}的{attribute}",
    counters=(
        "毫克|微克|℃|°C|℉|°F|美元|欧元|歐元|日元|港币|港元|英镑|人民币|万元|亿元|元整|元|块钱|块|角|分钟|分鐘|小时|小時"
        "|个月|個月|年|月|日|号|號|点|點|时|時|分|秒|天|周|岁|歲"
        "|公斤|千克|克|吨|公里|千米|厘米|毫米|米|平方米|升|毫升|度|个|個|件|台|人|位|名|次|层|層|楼|樓"
        "|室|页|份|箱|张|張|本|万|亿|%|％"
    ),
)

CHINESE = Language(
    name="chinese",
    locale="zh_CN",
    stemming=str,
    vocabulary=_VOCABULARY,
    marks=_MARKS,
    questions=_QUESTIONS,
    statements=_STATEMENTS,
    speech=SPEECH,
    changes=CHANGES,
    disowning=DISOWNING,
    unsettling=UNSETTLING,
    asking=ASKING,
    items=ITEMS,
    nouns=NOUNS,
    citing=Citing(sources="文档|来源", parts="资料", leads="参见|见", headings="参考文献|来源"),
    script=re.compile("[\u3400-\u9fff\uf900-\ufaff]"),
)
"""Chinese."""
