"""What an answer to a text trial is worth, on answers written by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from text_tasks import DRAFTED

from guardbind_bench.prompts.text_trial import Fact, TextTrial
from guardbind_bench.registry import TEXT_TASKS
from guardbind_bench.scoring.scoring import read_answer, values_in

PRICE = ("$1,250.00", "1250 USD", "1,250")
RECEIPT = "The lamp costs $1,250.00, the rug 300 EUR. Bill's date is 2024-05-03 and Mara pays. "
ASKS = "What is the price of the lamp?"


def fact(owner: str, attribute: str, forms: tuple[str, ...]) -> Fact:
    start = RECEIPT.index(forms[0])
    return Fact(f"{owner}'s {attribute}", owner, attribute, forms[0], forms, 0, (start, start + len(forms[0])))


def trial(asks: str = ASKS) -> TextTrial:
    facts = (
        fact("lamp", "price", PRICE),
        fact("rug", "price", ("300 EUR", "€300", "300")),
        fact("Bill", "date", ("2024-05-03", "May 3, 2024")),
        fact("bill", "payer", ("Mara",)),
    )
    return TextTrial(
        index=0,
        messages=({"role": "user", "content": RECEIPT + asks},),
        facts=facts,
        asked=0,
        direction="key_value",
        answer=PRICE,
        others=(facts[1].forms,),
        which="only",
        question=(len(RECEIPT), len(RECEIPT + asks)),
    )


TWIN = replace(
    trial("What is the price of the sofa?"), asked=None, answer=(), others=(PRICE, ("300 EUR", "€300", "300"))
)
# Asked the other way round: the answer is a name, written in any case.
INVERSE = replace(
    trial("Which item costs 1250 USD?"), direction="value_key", answer=("lamp",), others=(("rug",),), which="only"
)


@pytest.mark.parametrize(
    ("answer", "stage", "exact", "values"),
    [
        ("The price of the lamp is $1,250.00.", "right", True, (0,)),
        ('{"price": "$1,250.00"}', "right", True, (0,)),
        ("1250 USD", "right", False, (0,)),
        ("It is 1,250, not 300 EUR", "right", False, (0, 1)),
        ("300 EUR, or perhaps $1,250.00", "2B", False, (1, 0)),
        ("€300", "2B", False, (1,)),
        ("On May 3, 2024 Mara paid $1,250.00.", "right", True, (2, 3, 0)),
        ("MARA, on 2024-05-03", "2A", False, (3, 2)),
        ("$1,250.50", "2A", False, ()),
        ("3000", "2A", False, ()),
        ("I do not know.", "2A", False, ()),
        ("", "2A", False, ()),
    ],
)
def test_the_first_possible_answer_decides(answer: str, stage: str, exact: bool, values: tuple[int, ...]) -> None:
    scored = read_answer(trial(), answer)
    assert (scored.stage, scored.exact, scored.form_equivalent) == (stage, exact, stage == "right")
    assert scored.values == values


def test_what_the_question_names_is_no_answer() -> None:
    asked = trial("The rug is €300; what is the price of the lamp?")
    assert read_answer(asked, "The rug is 300 EUR.").stage == "2A"
    assert read_answer(asked, "Not €300 but $1,250.00.").values == (0,)
    assert read_answer(asked, "Not €300 but $1,250.00.").exact


@pytest.mark.parametrize(
    ("answer", "stage"),
    [
        ("6490", "2B"),
        ("It is 6,490.", "2B"),
        ('{"disk": 6490}', "2B"),
        ("The disk of the server with memory 6490 is 6490.", "2B"),
        ("The disk of the server with memory 6490 is not known.", "2A"),
        ("The server has a memory of 6,490.", "2A"),
        ("The server with 6490 has the disk 4490.", "right"),
        ("The disk of the server with memory 6490 is 2500.", "2B"),
    ],
)
def test_a_named_value_that_could_be_meant_is_an_echo_where_it_names_again(answer: str, stage: str) -> None:
    text = "wombat-52 has memory 6490 and disk 4490; gecko-89 has disk 2500. "
    asks = "Please tell me the disk of the server with memory 6490."
    memory = Fact("wombat-52's memory", "wombat-52", "memory", "6490", ("6490", "6,490"), 0, (21, 25))
    disk = Fact("wombat-52's disk", "wombat-52", "disk", "4490", ("4490", "4,490"), 0, (35, 39))
    other = Fact("gecko-89's disk", "gecko-89", "disk", "2500", ("2500", "2,500"), 0, (59, 63))
    sized = replace(
        trial(),
        messages=({"role": "user", "content": text + asks},),
        facts=(memory, disk, other),
        asked=1,
        answer=disk.forms,
        others=(memory.forms, other.forms),
        question=(len(text), len(text + asks)),
    )
    assert [text[slice(*fact.span)] for fact in sized.facts] == [fact.value for fact in sized.facts]
    assert read_answer(sized, answer).stage == stage


@pytest.mark.parametrize("name", DRAFTED)
def test_no_two_values_of_a_trial_share_a_spelling(name: str) -> None:
    task = TEXT_TASKS.get(name)(k=0, seed=0)
    for index in range(200):
        values = {fact.forms for fact in task.trial(index).facts}
        forms = [form.lower() for own in values for form in own]
        assert len(forms) == len(set(forms))


@pytest.mark.parametrize(
    ("answer", "stage"), [("The item that costs 1250 USD is the Lamp.", "right"), ("a RUG", "2B"), ("$1,250.00", "2A")]
)
def test_a_name_is_the_answer_where_a_value_is_named(answer: str, stage: str) -> None:
    scored = read_answer(INVERSE, answer)
    assert scored.stage == stage
    assert scored.form_equivalent == (stage == "right") and not scored.exact
    assert scored.values == ()


@pytest.mark.parametrize(
    ("answer", "stage"),
    [
        ("The text does not say.", "right"),
        ("The date is 2024-05-03.", "right"),
        ("The price of the sofa is 1250 USD.", "2B"),
        ("300", "2B"),
        ("$12", "right"),
    ],
)
def test_a_twin_is_answered_without_a_value_of_the_kind(answer: str, stage: str) -> None:
    scored = read_answer(TWIN, answer)
    assert scored.stage == stage
    assert scored.exact == scored.form_equivalent == (stage == "right")


def test_values_say_where_they_stand_and_whether_they_decide() -> None:
    answer = "Mara paid 1250 USD."
    found = values_in(trial(), answer)
    assert [(value.name, answer[slice(*value.span)], value.decides) for value in found] == [
        ("Mara", "Mara", False),
        ("$1,250.00", "1250 USD", True),
    ]


@pytest.mark.parametrize("name", DRAFTED)
def test_every_spelling_of_every_possible_answer_is_read_as_it_is(name: str) -> None:
    task = TEXT_TASKS.get(name)(k=0, seed=3)
    for index in range(60):
        item, twin = task.trial(index), task.trial(index, answerable=False)
        for form in item.answer:
            assert read_answer(item, f"I think that it is {form}.").stage == "right"
        assert read_answer(item, item.answer[0]).exact
        for forms in item.others:
            # One that the question names, to say which record is meant, is a wrong answer as any other.
            for form in forms:
                assert read_answer(item, f"it is {form}").stage == "2B"
        asks = twin.messages[-1]["content"][slice(*twin.question)]
        for forms in twin.others:
            named = any(form.lower() in asks.lower() for form in forms)
            assert read_answer(twin, forms[0]).stage == ("right" if named else "2B")
        assert read_answer(twin, "That is not in the text.").stage == "right"
        # The question itself, given back, answers nothing.
        assert read_answer(item, item.messages[-1]["content"][slice(*item.question)]).stage == "2A"
