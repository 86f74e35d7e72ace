"""What an answer to a text trial is worth, on answers written by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guardbind.bench.registry import TEXT_TASKS
from guardbind.bench.text_trial import Fact, TextTrial
from guardbind.bench.texts.scoring import read_answer, values_in

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


@pytest.mark.parametrize("name", TEXT_TASKS.names())
def test_every_spelling_of_every_possible_answer_is_read_as_it_is(name: str) -> None:
    task = TEXT_TASKS.get(name)(k=0, seed=3)
    for index in range(60):
        item, twin = task.trial(index), task.trial(index, answerable=False)
        for form in item.answer:
            assert read_answer(item, f"I think that it is {form}.").stage == "right"
        assert read_answer(item, item.answer[0]).exact
        asks = item.messages[-1]["content"][slice(*item.question)]
        for forms in item.others:
            # The question may name a value of the asked kind to say which record is meant.
            named = any(form.lower() in asks.lower() for form in forms)
            for form in forms:
                assert read_answer(item, f"it is {form}").stage == ("2A" if named else "2B")
        asks = twin.messages[-1]["content"][slice(*twin.question)]
        for forms in twin.others:
            named = any(form.lower() in asks.lower() for form in forms)
            assert read_answer(twin, forms[0]).stage == ("right" if named else "2B")
        assert read_answer(twin, "That is not in the text.").stage == "right"
        # The question itself, given back, answers nothing.
        assert read_answer(item, item.messages[-1]["content"][slice(*item.question)]).stage == "2A"
