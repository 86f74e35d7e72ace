"""Chinese prompts, read whole: what they bind, what they ask, and what is left unresolved."""

from __future__ import annotations

import pytest
from answers import answer, misses

from guardbind.extraction import extract
from guardbind.text.chinese import CHINESE
from guardbind.text.words import content, words

FACTS = (
    "张伟的工号是4417。李娜的工号为9082。Alice的工号是3352。张伟的电话号码为138 0013 8000。李娜的上级是王芳。"
    "订单1001的交货日期是2024年5月3日。键盘的价格是89元，鼠标的价格是49.9元。"
)
BILL = "发票编号：88-40127\n到期日期：2026-01-26\n应付金额：812.44元\n联系人：张伟\n"
ASKED = "张伟的工号是多少？"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (FACTS, {"张伟的工号": "4417", "Alice的工号": "3352", "李娜的上级": "王芳", "鼠标的价格": "49.9元"}),
        (FACTS, {"张伟的电话号码": "138 0013 8000", "订单1001的交货日期": "2024年5月3日"}),
        (BILL, {"发票编号": "88-40127", "应付金额": "812.44元", "联系人": "张伟"}),
        ("张伟的工号：4417，李娜的工号：9082。", {"张伟的工号": "4417", "李娜的工号": "9082"}),
        ("4417是张伟的工号。", {"张伟的工号": "4417"}),
        ("张伟的房租从700元涨到750元。", {"张伟的房租": "750元"}),
        ("口令是“蓝天-42”。", {"口令": "蓝天-42"}),
    ],
)
def test_statements_are_read(text: str, found: dict[str, str]) -> None:
    items = {item.key: item.value for item in extract(text, language=CHINESE).items}
    assert {key: value for key, value in items.items() if key in found} == found


def test_what_states_nothing_is_not_bound() -> None:
    texts = (
        "有人说张伟的工号是4417。",
        "没有人说过张伟的工号是4417。",
        "张伟的工号不是4417。",
        "张伟的工号是4417，这是错误的。",
        "如果张伟的工号是4417，门就会打开。",
        "张伟的工号是4417吗？",
        "他的工号是4417。",
        "保安说停车场的门禁码是4417。",
        "张伟的工号是4417的后四位。",
        "张伟的工号是4417或9082。",
    )
    assert {text: extract(text, language=CHINESE).keys for text in texts} == dict.fromkeys(texts, ())


def test_questions_and_begun_answers() -> None:
    asked = [
        (ASKED, None, "4417"),
        ("请问李娜的工号是多少？", None, "9082"),
        ("Alice的工号是多少？", None, "3352"),
        ("张伟的电话是多少？", None, "138 0013 8000"),
        ("李娜的上级是谁？", None, "王芳"),
        ("订单1001的交货日期是哪天？", None, "2024年5月3日"),
        ("鼠标多少钱？", None, "49.9元"),
        ("谁的工号是9082？", None, "李娜"),
        (ASKED, "张伟的工号是", "4417"),
        (ASKED, "李娜的工号是", "9082"),
        (ASKED, "王强的工号是", None),
        ("王强的工号是多少？", None, None),
        ("张伟明的工号是多少？", None, None),
        ("李张伟的工号是多少？", None, None),
        ("工号是多少？", None, None),
        ("张伟的母亲的工号是多少？", None, None),
        ("张伟的邮箱是什么？", None, None),
        ("张伟和李娜的工号之和是多少？", None, None),
    ]
    assert misses(CHINESE, FACTS, asked) == []


def test_a_bill() -> None:
    asked = [
        ("应付金额是多少？", None, "812.44元"),
        ("应付金额是多少？", "应付金额为", "812.44元"),
        ("到期日期是哪天？", None, "2026-01-26"),
        ("折扣金额是多少？", None, None),
    ]
    assert misses(CHINESE, BILL, asked) == []


def test_first_and_last() -> None:
    facts = "预算是1200元。预算现在是1450元。"
    assert answer(CHINESE, facts, "预算是多少？") == "1450元"
    assert answer(CHINESE, facts, "最初的预算是多少？") == "1200元"


def test_words_are_what_stands_between_function_words() -> None:
    found = content(words("请问张伟和Alice的电话号码是多少？", CHINESE))
    assert [(word.stem, word.owning) for word in found] == [
        ("张伟", False),
        ("alice", True),
        ("电话", False),
    ]
