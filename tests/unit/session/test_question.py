"""What a question rests on: the search for the record that is hidden to most effect, on bits written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_slots import letters_row, plain_tail
from torch import Tensor

from guardbind.config import GuardConfig
from guardbind.errors import NullUnavailableError
from guardbind.evidence import Binding, Record
from guardbind.nulls import NullRow
from guardbind.session.question import QuestionReader
from guardbind.session.row import Row
from guardbind.session.stretch import HiddenRecord, Stretch, hidden_records, question_of, sentence_of

NATS = 0.6931471805599453
ASKED = 4


def row() -> Row:
    return letters_row("alpha=17\nbeta=42\nWhat is beta?", {"alpha": "17", "beta": "42"})


def stretch(count: int, outer: Sequence[str | None] = ()) -> Stretch:
    """A question of four tokens behind so many records of one token each."""
    around = [*outer, *[None] * (count - len(outer))]
    records = tuple(HiddenRecord(f"r{at}", around[at], (at,), (range(at + 1, at + 2),)) for at in range(count))
    ids = tuple(range(count + 1 + ASKED))
    return Stretch(row(), ids, range(count + 1, count + 1 + ASKED), records)


class Told:
    """Stands for a model to which hiding record `r` costs so many bits at each token that asks."""

    def __init__(self, bits: Tensor) -> None:
        self.bits = bits
        self.asked: list[int] = []

    def __call__(
        self, tail: Any, rows: Sequence[NullRow], *, columns: int, again: int
    ) -> tuple[tuple[Tensor, ...], int]:
        (only,) = rows
        self.asked.append(len(only.statements))
        hidden = [[part.start - 1 for part in parts] for parts in only.statements]
        lines = [torch.zeros(self.bits.shape[1])] + [-NATS * self.bits[group].sum(0) for group in hidden]
        read = torch.stack(lines)
        return (torch.cat([torch.zeros(len(lines), again - 1 - read.shape[1]), read], 1),), 1


def read(bits: Tensor, *, outer: Sequence[str | None] = (), **config: Any) -> Any:
    told = Told(bits.double())
    found = QuestionReader(GuardConfig(**config), told).read(plain_tail(), [stretch(len(bits), outer)], 0)[0]
    return found, told


def test_the_record_that_costs_most_is_taken_with_its_lead() -> None:
    bits = torch.tensor([[0.1, 0.5, 0.0, 0.2], [0.1, 6.0, 0.0, 1.2], [0.4, 0.5, 0.0, 0.2]])
    found, told = read(bits)
    assert found.best.items == (1,)
    assert abs(found.best.bits - 7.3) < 1e-6
    assert abs(found.lead - (5.5 + 1.0 - 0.3)) < 1e-6
    assert abs(found.token_lead - (5.5 - 0.3)) < 1e-6
    assert found.clear
    assert told.asked == [3]


def test_what_every_record_costs_alike_tells_nothing() -> None:
    bits = torch.full((3, 4), 5.0)
    bits[1, 2] += 0.5
    found, _ = read(bits)
    assert found.best.items == (1,)
    assert not found.clear
    assert not found.leads


def test_a_lead_may_be_enough_for_what_the_words_say_too() -> None:
    bits = torch.zeros(2, 4)
    bits[0, 1] = 1.2
    found, _ = read(bits)
    assert (found.clear, found.leads) == (False, True)


def test_what_stands_around_a_record_is_no_rival_of_it() -> None:
    bits = torch.tensor([[0.0, 4.0, 0.0, 0.0], [0.0, 4.5, 0.0, 0.0], [0.0, 0.2, 0.0, 0.0]])
    apart, _ = read(bits)
    nested, _ = read(bits, outer=[None, "r0", None])
    assert not apart.clear
    assert nested.clear
    assert nested.best.items == (1,)


@given(st.integers(1, 300), st.integers(0, 299), st.integers(0, 10_000))
@settings(max_examples=40)
def test_a_search_in_groups_finds_what_hiding_each_alone_finds(count: int, place: int, seed: int) -> None:
    place %= count
    bits = torch.rand(count, ASKED, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) / (8 * count)
    bits[place, seed % ASKED] += 6.0
    found, told = read(bits)
    assert found.best.items == (place,)
    assert found.clear
    assert max(told.asked) <= 16
    assert sum(told.asked) <= 80


def test_a_model_that_cannot_be_read_so_is_not_asked_again() -> None:
    calls = []

    def refuses(*_: Any, **__: Any) -> Any:
        calls.append(1)
        raise NullUnavailableError("it keeps recurrent state.")

    reader = QuestionReader(GuardConfig(), refuses)
    assert reader.read(plain_tail(), [stretch(2)], 0) == [None]
    assert reader.read(plain_tail(), [stretch(2)], 0) == [None]
    assert len(calls) == 1
    assert QuestionReader(GuardConfig(), None).read(plain_tail(), [stretch(2)], 0) == [None]


def test_the_question_is_what_asks_without_the_answer_that_is_begun() -> None:
    plain = row()
    asked = question_of(plain)
    assert asked is not None
    assert "".join(map(chr, (asked.ids[at] for at in asked.asks))).strip() == "What is beta?"
    assert [record.items for record in asked.records] == [(0,), (1,)]
    begun = question_of(letters_row("alpha=17\nbeta=42\nWhat is beta?\nIt is", {"alpha": "17", "beta": "42"}))
    assert begun is not None
    assert "It is" not in "".join(map(chr, (begun.ids[at] for at in begun.asks)))


def test_a_question_before_the_records_cannot_rest_on_them() -> None:
    assert question_of(letters_row("What is beta?\nalpha=17\nbeta=42", {"alpha": "17", "beta": "42"})) is None


def test_a_sentence_is_read_from_where_it_begins() -> None:
    plain = row()
    for letter in "\nIt is ":
        plain.read(ord(letter), ends=False)
    found = sentence_of(plain, len(plain.ids) - 6)
    assert found is not None
    assert "".join(map(chr, found.ids[-len(found.asks) :])) == "It is "


def test_a_record_is_hidden_with_all_that_belongs_to_it_but_never_the_first_token() -> None:
    text = "Order 1\ntotal: 52\n\nWhat is the total of order 1?"
    record = Record("one", ("Order 1",), None, ((0, 17),))
    items = [Binding("total", "52", spans=((8, 17),), attribute="total", owners=("Order 1",), record=record)]
    (hidden,) = hidden_records(letters_row(text, items).bound)
    assert hidden.tokens == (range(1, 17),)
    assert hidden.items == (0,)
