"""Where an answer comes to what its caller declared, from texts alone."""

from __future__ import annotations

import pytest
from plain_prompts import as_prompt
from plain_slots import letters_row

from guardbind.evidence import Binding, Evidence
from guardbind.session.declared import comes_to, declared_passages
from guardbind.targets import Query, read_query
from guardbind.text.english import ENGLISH

QUESTION = "What is the step total of job-49?"


def asked(question: str) -> Query:
    return read_query(as_prompt(f"Facts.\n{question}"), 6, ENGLISH)


@pytest.mark.parametrize(
    ("line", "passage"),
    [
        ("I say: the code is", "The code is 4471."),
        ('{"code": "', "The code is 4471."),
        ('{"port": "', '{"host": "m", "port": "8080"}'),
        # The passage is a value, and the question is said again.
        ("The step total of job-49 is", "401"),
        ("Job-49's step total is", "401"),
        (": The step total of job-49 is", "401"),
        ('  "step_total": ', "401"),
        ('  "step": "', "401"),
    ],
)
def test_it_comes_to_it(line: str, passage: str) -> None:
    assert comes_to(line, [passage], asked(QUESTION))


@pytest.mark.parametrize(
    ("line", "passage", "question"),
    [
        ("The step total of job-48 is", "401", QUESTION),
        ("The former step total of job-49 is", "401", QUESTION),
        ("It is", "401", QUESTION),
        ("Job-49 is", "401", QUESTION),
        ("The step total of job-48 is", "401", f"{QUESTION} Note that job-48 is a different job."),
        ("The error total of job-49 is", "401", "What are the step total and the error total of job-49?"),
        ("The step total of job-49 is", "401", "What is the step total of job-49, and its owner?"),
        ("The step total of job-49 is", "401", "Is the step total of job-49 larger than 400?"),
        ("The code of the vault is", "The code is 4471.", QUESTION),
        ("The step total of job-49 is", "401 or 402, nobody knows; ask Ann.", QUESTION),
        ("", "401", QUESTION),
    ],
)
def test_it_says_something_else(line: str, passage: str, question: str) -> None:
    assert not comes_to(line, [passage], asked(question))


def test_without_a_passage_there_is_nothing_to_come_to() -> None:
    assert not comes_to("The code is", [], asked(QUESTION))


@pytest.mark.parametrize(
    ("item", "target", "found"),
    [
        (Evidence("it", span=(0, 3)), "it", ["401"]),
        (Evidence("it", span=(0, 3)), None, []),
        (Binding("it", "401"), "it", []),
    ],
)
def test_what_is_declared_without_its_value(item: Binding | Evidence, target: str | None, found: list[str]) -> None:
    row = letters_row(f"401\n{QUESTION}", [item], target)
    assert declared_passages(row.bound) == found


def test_a_passage_that_says_several_things_is_none() -> None:
    row = letters_row("401 " * 60 + f"\n{QUESTION}", [Evidence("it", span=(0, 240))], "it")
    assert declared_passages(row.bound) == []
