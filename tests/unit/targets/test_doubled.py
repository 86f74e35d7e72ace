"""Lists that say the same things twice: no value of them is the last one, unless words say which."""

from __future__ import annotations

import pytest
from plain_prompts import as_prompt, said

from guardbind.evidence import locate
from guardbind.targets import Agreement, read_query
from guardbind.targets.stated import read_bindings

ONE = "Ann's desk is 4. Ben's desk is 5."
TWO = "Ann's desk is 9. Ben's desk is 8."
QUESTION = "Which desk is Ben's?"


def target(text: str, question: str = QUESTION) -> tuple[str | None, set[str | None]]:
    asked = as_prompt(f"{text}\n\n{question}\n")
    table = locate(read_bindings(asked), asked)
    found = Agreement(table, read_query(asked, table.end)).resolve(said("Ben's desk is"))
    return (
        None if found.index is None else table.items[found.index].value,
        {table.items[item].value for item in found.open},
    )


@pytest.mark.parametrize(
    "text",
    [
        f"{ONE} {TWO}",
        f"Monday\n{ONE}\n\nTuesday\n{TWO}",
        f"North wing:\n{ONE}\n\nSouth wing:\n{TWO}",
        f"New list:\n{ONE}\n\nOld list:\n{TWO}",
        f"{ONE}\n\nDay two\nBen's desk is 8.",
        "The desk for Ann is: 4\nThe desk for Ben is: 5\n\nThe desk for Ann is: 9\nThe desk for Ben is: 8",
    ],
)
def test_which_list_is_meant_stays_open(text: str) -> None:
    assert target(text) == (None, {"5", "8"})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f"{ONE} {ONE}", "5"),
        (f"{ONE} Ben's desk is 8.", "8"),
        (f"{ONE}\n\nUpdate:\nBen's desk is 8.", "8"),
        (f"Old list:\n{ONE}\n\nNew list:\n{TWO}", "8"),
        (f"{ONE} Ann's desk is now 9. Ben's desk is now 8.", "8"),
        (f"{ONE} Ann's desk was changed to 9. Ben's desk was changed to 8.", "8"),
    ],
)
def test_words_of_change_say_which(text: str, value: str) -> None:
    assert target(text)[0] == value
