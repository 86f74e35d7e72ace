"""A sentence that nothing was read from: what it contradicts is open, and what it leaves alone is not."""

from __future__ import annotations

from plain_slots import LETTERS

from guardbind import Binding
from guardbind.session.bound_prompt import bind_prompt
from guardbind.targets import Resolution


def asked(facts: str, question: str) -> Resolution:
    ids = LETTERS.encode(f"{facts}\n\n{question}\n")
    bound = bind_prompt(LETTERS, index=0, pad=0, ids=ids, items=None, declared=None, source=None)
    return bound.agreement.asked


def test_a_value_that_nothing_in_the_prompt_states_is_read_beside_what_a_sentence_takes_back() -> None:
    text = "Forget what I said about Ann, her locker code is not known yet.\n\nWhat is Ann's locker code?\n"
    items = [Binding(key="locker code", value="4417", owners=("Ann",), attribute="locker code")]
    bound = bind_prompt(LETTERS, index=0, pad=0, ids=LETTERS.encode(text), items=items, declared=None, source=None)
    assert bound.agreement.asked.index is None


READ = "Ann's locker code is 4417."
QUESTION = "What is Ann's locker code?"


def test_another_value_of_its_kind_leaves_it_open() -> None:
    for other in ("Whoever looks for Ann tries 8213 first.", "Give Ann the usual 8213 as ever."):
        for facts in (f"{other}\n{READ}", f"{READ}\n{other}"):
            found = asked(facts, QUESTION)
            assert found.index is None, facts
    assert "not read" in asked(f"Whoever looks for Ann tries 8213 first.\n{READ}", QUESTION).reason


def test_what_is_of_somebody_else_or_of_another_kind_does_not() -> None:
    for other in ("Whoever looks for Bob tries 8213 first.", "Ann came at 14:30 as ever.", "Ann was here for long."):
        assert asked(f"{other}\n{READ}", QUESTION).index is not None, other


def test_nor_does_a_heading_or_the_same_value() -> None:
    assert (
        asked("### Order 1001\nTotal: 52.10\n### Order 1002\nTotal: 25.10", "What is the total of order 1001?").index
        == 0
    )
    assert asked(f"Whoever looks for Ann tries 4417 first.\n{READ}", QUESTION).index is not None


def test_one_that_names_owner_and_attribute_may_give_another_value() -> None:
    told = "About the locker code of Ann: the whole team calls it otter these days."
    assert asked(f"{told}\n{READ}", QUESTION).index is None
    assert asked(f"{told.replace('Ann', 'Bob')}\n{READ}", QUESTION).index is not None
    assert asked(READ, f"I need the locker code of Ann. {QUESTION}").index is not None


def test_of_what_nobody_owns_it_may_where_it_names_whom_the_question_names() -> None:
    card = "Order: 9630\nCustomer: Finn Aasen"
    question = "Who is the customer of order 9630?"
    assert asked(card, question).index is not None
    assert asked(f"Mona took over 9630 from the shop.\n\n{card}", question).index is None


def test_part_of_a_name_stands_for_nobody_where_another_record_has_the_word_too() -> None:
    rows = '[{"title": "Attic amphora with black figures", "hall": "S12"}, {"title": "Roman Amphora", "hall": "S09"}]'
    assert asked(rows, "Which hall is the amphora in?").index is None


CATS = """| Cat | weight | home |
|---|---|---|
| Tiger | 4315 g | Ida Moor |
| Mimi | 5735 g | Jo Lund |

Blankets are washed."""


def test_a_value_with_its_unit_and_a_name_are_of_the_kind_that_they_are() -> None:
    assert asked(CATS, "What is the weight of Mimi?").index is not None
    for other in ("Mimi weighs 5117 g today.", "New weight this morning : Mimi weighs 5117 g."):
        assert asked(f"{CATS}\n\n{other}", "What is the weight of Mimi?").index is None, other
    assert asked(f"{CATS}\n\nMimi eats twice a day.", "What is the weight of Mimi?").index is not None
    assert asked(f"{CATS}\n\nLast week Mimi moved in with Per Holt.", "What is the home of Mimi?").index is None


def test_a_date_of_the_same_under_another_name_leaves_it_open() -> None:
    rows = """| Runner | club | born on |
|---|---|---|
| Dora Melk | Pacers | 24 December 1968 |
| Bea Sund | Lamp | 24 May 1960 |"""
    question = "When was Dora Melk born on?"
    assert asked(rows, question).index is not None
    assert asked(f"{rows}\n\nThe birth date of Dora Melk is 17 February 1960.", question).index is None
    assert asked(f"{rows}\n\nThe birth date of Bea Sund is 17 February 1960.", question).index is not None


def test_without_spaces_a_name_is_found_in_a_run_of_characters() -> None:
    cards = "听雨桥\n  建成年份: 2010\n  限重: 36吨\n\n白鹭桥\n  建成年份: 2016\n  限重: 47吨"
    assert asked(cards, "听雨桥的限重是多少？").index is not None
    assert asked(f"{cards}\n\n加固之后，过听雨桥的车不得超过42吨。", "听雨桥的限重是多少？").index is None
