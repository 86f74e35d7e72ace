"""A bound prompt: its candidates, their owners, and how the bindings of a bare prompt are read."""

from __future__ import annotations

from typing import Any

import pytest
from plain_slots import LETTERS, Letters, letters_row

from guardbind.errors import BindingError, CandidateError, TargetError
from guardbind.evidence import Binding
from guardbind.session.bound_prompt import bind_prompt, bindings_of
from guardbind.session.row import Row
from guardbind.text.decoded import PromptText

PROMPT = "alpha=17\nbeta=19\nbeta="
ITEMS = {"alpha": "17", "beta": "19"}


@pytest.fixture
def row() -> Row:
    return letters_row(PROMPT, ITEMS, "beta")


def test_it_knows_its_candidates_and_their_owners(row: Row) -> None:
    bound = row.bound
    assert [bound.candidate(0), bound.candidate(1), bound.candidate(None)] == [0, 1, None]
    assert bound.owners({1}) == [1]
    assert bound.beginning(None, ord("1")) == [0, 1]
    assert bound.beginning(None, ord("2")) == []
    inner = bound.root_for(1)
    assert inner is not None
    assert bound.going_on(inner.children[ord("1")], 1) == [ord("9")]
    assert bound.going_on(None, 1) == []
    assert bound.longest_value == 3  # with a space in front


@pytest.mark.parametrize(("text", "item", "like"), [("4", 1, True), ("$", 1, True), ("the", 1, False), ("A", 0, False)])
def test_what_a_value_may_begin_with(text: str, item: int, like: bool, row: Row) -> None:
    assert row.bound.value_like(text, item) is like


def test_it_does_not_change(row: Row) -> None:
    with pytest.raises(AttributeError):
        row.bound.pad = 3  # type: ignore[misc]
    other = Row(row.bound)
    other.read(ord("1"), ends=False)
    assert (row.step, other.step) == (0, 1)


def test_what_cannot_be_bound_is_told() -> None:
    with pytest.raises(TargetError, match="no binding or evidence is called 'gamma'"):
        letters_row(PROMPT, ITEMS, "gamma")
    with pytest.raises(CandidateError):
        letters_row(PROMPT, [Binding("alpha", "17"), Binding("beta", "19", aliases=("17",))])
    with pytest.raises(BindingError):
        letters_row(PROMPT, [Binding("alpha", "17", span=(0, 400))])


def test_a_prompt_of_which_nothing_is_declared_is_read_in_one_way() -> None:
    ids = LETTERS.encode(PROMPT)
    bound = bind_prompt(LETTERS, index=0, pad=0, ids=ids, items=None, declared=None, source=None)
    shown = bindings_of(LETTERS, PromptText.from_ids(LETTERS, ids))
    assert [(item.key, item.value) for item in bound.table.items] == [(item.key, item.value) for item in shown]
    assert {item.key: item.value for item in shown} == ITEMS


def test_what_a_tokenizer_cannot_write_is_left_out_where_it_is_read_and_where_it_is_shown() -> None:
    class WithoutNine(Letters):
        def encode(self, text: str, add_special_tokens: bool = False) -> list[int]:
            return [0 if letter == "9" else ord(letter) for letter in text]

    tokenizer: Any = WithoutNine()
    ids = LETTERS.encode(PROMPT)
    bound = bind_prompt(tokenizer, index=0, pad=0, ids=ids, items=None, declared=None, source=None)
    shown = bindings_of(tokenizer, PromptText.from_ids(tokenizer, ids))
    assert [item.key for item in bound.table.items] == [item.key for item in shown] == ["alpha"]
