"""A guard that is told nothing but the prompt, on the demo model: free answers with several values in them."""

from __future__ import annotations

from typing import Any

import pytest

from guardbind import Guard, GuardConfig, GuardOutput

pytestmark = pytest.mark.real_model

BADGES = {"Alice": "4417", "Bob": "8213", "Carol": "3352", "Dave": "9076", "Erin": "6641"}
ROOMS = {"Alice": "B12", "Bob": "C40", "Carol": "A07", "Dave": "D33", "Erin": "B31"}
FACTS = " ".join(f"{n}'s badge number is {b}. {n}'s room is {ROOMS[n]}." for n, b in BADGES.items())


def answer(demo: Any, prompt: str, *, tokens: int = 24, **settings: Any) -> tuple[str, GuardOutput]:
    """Answer unguarded and guarded."""
    model, tokenizer = demo
    inputs = tokenizer(prompt, return_tensors="pt")
    plain = model.generate(**inputs, max_new_tokens=tokens, do_sample=False)
    text = tokenizer.decode(plain[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    return text, Guard(model, tokenizer, GuardConfig(**settings)).generate(
        **inputs, max_new_tokens=tokens, do_sample=False
    )


def test_each_value_of_an_answer_has_a_slot_and_a_target_of_its_own(demo_model: Any) -> None:
    question = "Q: What is the badge number of Bob, and what is the room of Erin?\nA: The badge number of Bob is"
    plain, guarded = answer(demo_model, f"{FACTS}\n{question}", tokens=18)
    assert not plain.startswith(" 8213")
    assert guarded.text[0].startswith(" 8213. The room of Erin is B31.")
    first, second = (slot for slot in guarded.report.slots if slot.kind in ("line_end", "key_phrase"))
    assert (first.key, first.resolved_by, first.final_verdict) == ("Bob's badge number", "sentence", "repaired")
    assert (second.key, second.resolved_by, second.final_verdict) == ("Erin's room", "sentence", "repaired")
    assert first.target_score > 0.8
    assert "sentence" in first.reason


@pytest.mark.parametrize(
    "question",
    [
        "Q: What is the sum of Bob's badge number and Dave's?\nA:",
        "Q: Say a number that is not Bob's badge number.\nA:",
        "Q: What is Gina's badge number?\nA:",
        "Q: What is Bob's phone number?\nA:",
        "Q: Write a line about the weather.\nA:",
    ],
)
def test_what_is_no_value_of_the_prompt_is_left_alone(demo_model: Any, question: str) -> None:
    plain, guarded = answer(demo_model, f"{FACTS}\n{question}")
    assert guarded.text[0] == plain
    assert all(slot.action == "none" for slot in guarded.report.slots)


def test_a_row_of_a_table_is_filled_by_its_heading(demo_model: Any) -> None:
    table = "| name | badge number | room |\n| --- | --- | --- |\n| Alice | 4417 | B12 |\n| Dave |"
    _, guarded = answer(demo_model, f"{FACTS}\nAs a table:\n{table}", tokens=5)
    assert guarded.report.slots[0].kind == "cell"
    assert guarded.report.slots[0].key == "Dave's badge number"


def test_a_field_is_filled_by_its_name_and_its_object(demo_model: Any) -> None:
    begun = '{"name": "Carol", "badge_number": "3352"}, {"name": "Dave", "badge_number": "'
    _, guarded = answer(demo_model, f"{FACTS}\nAs JSON: [{begun}", tokens=5)
    assert guarded.text[0].startswith("9076")
    assert (guarded.report.slots[0].kind, guarded.report.slots[0].key) == ("field", "Dave's badge number")


def test_whose_a_value_is_can_be_asked(demo_model: Any) -> None:
    question = "Q: Whose badge number is 3352?\nA: Badge number 3352 belongs to"
    _, guarded = answer(demo_model, f"{FACTS}\n{question}", tokens=3)
    assert guarded.text[0].startswith(" Carol")


def test_a_prompt_that_binds_nothing_is_answered_as_ever(demo_model: Any) -> None:
    plain, guarded = answer(demo_model, "Once upon a time there was")
    assert guarded.text[0] == plain
    assert not guarded.report.slots


def test_rows_of_a_batch_are_read_one_by_one(demo_model: Any) -> None:
    model, tokenizer = demo_model
    questions = ["Q: What is Bob's badge number?\nA: Bob's badge number is", "Hello. Today"]
    prompts = [f"{FACTS}\n{questions[0]}", questions[1]]
    inputs = tokenizer(prompts, return_tensors="pt", padding=True, padding_side="left")
    guarded = Guard(model, tokenizer).generate(**inputs, max_new_tokens=6, do_sample=False)
    assert guarded.text[0].startswith(" 8213")
    assert not guarded.report.row(1)
