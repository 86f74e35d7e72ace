"""Values that an answer gives for what they are, and those that it does not."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from text_tasks import DRAFTED

from guardbind_bench.prompts.text_trial import Fact, TextTrial
from guardbind_bench.registry import TEXT_TASKS
from guardbind_bench.scoring.stating import stated_wrongly

CONTENT = "Carla's seat is 17A. Jon's seat is 12B. Carla's budget is $1,250.00. What is Mia's seat?"
FACTS = (
    Fact("Carla's seat", "Carla", "seat", "17A", ("17A",), 0, (16, 19)),
    Fact("Jon's seat", "Jon", "seat", "12B", ("12B",), 0, (35, 38)),
    Fact("Carla's budget", "Carla", "budget", "$1,250.00", ("$1,250.00", "1250 USD"), 0, (58, 67)),
)
TWIN = TextTrial(
    index=0,
    messages=({"role": "user", "content": CONTENT},),
    question=(69, len(CONTENT)),
    facts=FACTS,
    asked=None,
    direction="key_value",
    answer=(),
    others=(("17A",), ("12B",)),
    which="only",
)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("I do not know.", []),
        ("Carla's seat is 17A.", []),
        ("Mia's seat is 17A.", ["17A"]),
        ("Carla's seat is 12B.", ["12B"]),
        ("17A", ["17A"]),
        ("Carla's budget is 1250 USD. Her seat is 17A.", ["17A"]),
        ("Jon's seat is 12B, and Carla's seat is 17A.", []),
        ("Mia's seat is 12B. Carla's budget is $1,250.00.", ["12B"]),
        ("The seat of Carla is 17A.", []),
        ("The seat 17A belongs to Carla.", []),
        ("Carla has the seat 17A, and Jon has the seat 12B.", []),
        ("For Carla, the seat is 17A.", []),
        ('{"Carla": {"seat": "17A"}}', []),
        ("17A is Carla's seat.", []),
        ("Carla's current seat is 17A.", []),
        ("Mia's seat is unknown, but Carla's seat is 17A.", []),
        ("Mia's seat is 17A, Carla's seat is 12B.", ["17A", "12B"]),
        ("Jon's seat is 17A, and Carla's seat is 17A.", ["17A"]),
        ("Mia has the seat 17A, unlike Carla.", ["17A"]),
        ("According to Carla, the seat of Mia is 17A.", ["17A"]),
        ("According to Carla, my seat is 17A.", ["17A"]),
        ("Carla's return seat is 17A.", ["17A"]),
        ("Carla's window seat is 17A.", ["17A"]),
        ("Carla's seat row is 17A.", ["17A"]),
        ("Carlas seat is 17A.", ["17A"]),
        ("Carla's unseated guest has 17A.", ["17A"]),
    ],
)
def test_a_value_is_given_for_what_it_is_where_owner_and_attribute_stand_by_it(text: str, wrong: list[str]) -> None:
    assert stated_wrongly(TWIN, text) == wrong


SETTINGS = replace(
    TWIN,
    facts=(
        Fact("region", None, "region", "eu-1", ("eu-1",), 0, (0, 4)),
        Fact("region", None, "region", "us-2", ("us-2",), 0, (0, 4)),
        Fact("my seat", None, "seat", "17A", ("17A",), 0, (0, 3)),
        Fact("job-12's worker", "job-12", "worker", "heron-7", ("heron-7",), 0, (0, 7)),
        Fact("order's order number", None, "order number", "A-1001", ("A-1001",), 0, (0, 6)),
        Fact("A-1001's city", "A-1001", "city", "Porto", ("Porto",), 0, (0, 5)),
    ),
    others=(),
)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("The region is us-2.", []),
        ("The first region was eu-1, the latest region is us-2.", []),
        ("The latest region is eu-1.", ["eu-1"]),
        ("The latest region at the end of the log is us-2.", []),
        ("The fallback_region is us-2.", ["us-2"]),
        ("The region of job-12 is us-2.", ["us-2"]),
        ("For job-12, the region is us-2.", ["us-2"]),
        ("Your seat is 17A.", []),
        ("Selim's seat is 17A.", ["17A"]),
        ("The seat is 17A.", ["17A"]),
        ("The worker of job job-12 is heron-7.", []),
        ("The standby worker of job-12 is heron-7.", ["heron-7"]),
        ("The city of order A-1001 is Porto.", []),
        ("The order number is A-1001.", ["A-1001"]),
        ("The order number of the order with the city Porto is A-1001.", []),
        ("The order number of the order with the city Lima is A-1001.", ["A-1001"]),
    ],
)
def test_the_attribute_is_no_part_of_another_and_nobody_elses(text: str, wrong: list[str]) -> None:
    assert stated_wrongly(SETTINGS, text) == wrong


def test_the_right_answer_is_what_was_asked_for() -> None:
    asked = replace(TWIN, asked=0, answer=("17A",), others=(("12B",),))
    assert stated_wrongly(asked, "17A") == []
    assert stated_wrongly(asked, "12B") == ["12B"]


@pytest.mark.parametrize("name", DRAFTED)
def test_no_answer_to_a_twin_is_true_and_every_fact_of_it_is(name: str) -> None:
    task = TEXT_TASKS.get(name)(k=0, seed=0)
    for index in range(60):
        twin = task.trial(index, answerable=False)
        asks = twin.messages[-1]["content"][slice(*twin.question)]
        restated = re.search(r"(?:What (?:is|was)|tell me|Look up|I need) (?!which|whose)(.+?)[?.](?= |$)", asks)
        for value, *_ in twin.others:
            answer = f"{restated[1]} is {value}." if restated else f"{asks[:-1]}: {value}"
            assert value in stated_wrongly(twin, answer), answer
        for fact in twin.facts:
            if fact.owner is not None:
                assert stated_wrongly(twin, f"{fact.owner}'s {fact.attribute} is {fact.value}.") == []
                assert stated_wrongly(twin, f"The {fact.attribute} of {fact.owner} is {fact.value}.") == []
