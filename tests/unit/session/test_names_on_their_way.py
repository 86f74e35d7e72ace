"""What begins as a value does and may still be a name: it is judged where it parts, and no value is left out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from plain_engine import Generation, PlainNull, write
from plain_slots import LETTERS, letters_opener, letters_row
from torch import Tensor

from guardbind.config import GuardConfig
from guardbind.evidence import Binding
from guardbind.nulls import NullReading, NullRow
from guardbind.session.row import Row
from guardbind.session.value import Phase
from guardbind.targets import Resolution

# A value that is the end of a name itself, and not asked for by the words before it.
DOCTORS = (
    ("doctor", "Ann", "Weber"),
    ("doctor", "Bob", "Meier"),
    ("phone", "Dr. Weber", "880"),
    ("phone", "Dr. Meier", "990"),
)
OFFICES = (
    ("office", "Ann", "42"),
    ("office", "Bob", "13"),
    ("phone", "room 13", "880"),
    ("phone", "room 42", "990"),
)
# Names that only begin as a value does.
CRATES = (("code", "crate 101", "17"), ("code", "crate 102", "42"), ("code", "crate 103", "19"))
APART = (("office", "Ann", "42"), ("office", "Bob", "13"), ("phone", "room 15", "880"), ("phone", "room 16", "990"))


def row_of(said: Sequence[tuple[str, str, str]]) -> Row:
    items = [Binding(f"{what} of {who}", value, attribute=what, owners=(who,)) for what, who, value in said]
    text = " ".join(f"The {what} of {who} is {value}." for what, who, value in said)
    what, who, _ = said[0]
    return letters_row(f"{text}\nWhat is the {what} of {who}?\n", items)


def verdicts(said: Sequence[tuple[str, str, str]], answer: str) -> list[tuple[int, str]]:
    generation = Generation(row_of(said), slots=("automatic",))
    assert generation.write(answer) == answer
    return [(slot.step, slot.verdict) for slot in generation.recorder.slots]


@pytest.mark.parametrize(
    ("said", "answer", "value"),
    [
        (DOCTORS, "Dr. Meier", "Meier"),
        (DOCTORS, "Ann is treated by Dr. Meier", "Meier"),
        (DOCTORS, "**Dr. Meier", "Meier"),
        (OFFICES, "Room 13", "13"),
        (OFFICES, "It is room 13", "13"),
        (OFFICES, "Ann is in room 13", "13"),
    ],
)
def test_a_wrong_value_that_ends_a_name_is_judged_where_it_begins(
    said: Sequence[tuple[str, str, str]], answer: str, value: str
) -> None:
    assert verdicts(said, answer)[0] == (answer.index(value), "binding_failure")


def test_it_is_repaired_there() -> None:
    generation = Generation(row_of(OFFICES), [write("4")], slots=("automatic",), trust="every")
    assert generation.write("Room 13") == "Room 42"
    assert [slot.final_verdict for slot in generation.recorder.slots] == ["repaired"]


def test_a_wrong_value_that_begins_as_a_name_is_judged_where_it_parts_from_it() -> None:
    assert verdicts(APART, "It is room 13") == [(len("It is room 1"), "binding_failure")]
    assert verdicts(APART, "It is room 42") == [(len("It is room "), "ok")]


@pytest.mark.parametrize("answer", ["Crate 101", "The number of the crate 103 is", '{"crate 102": ', "crate 10"])
def test_a_name_costs_nothing(answer: str) -> None:
    assert verdicts(CRATES, answer) == []


def test_a_value_behind_it_is_judged_as_ever() -> None:
    answer = "Crate 101 has 42"
    assert verdicts(CRATES, answer) == [(answer.index("42"), "binding_failure")]


def test_what_is_meant_is_asked_only_where_it_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    row, way = row_of(APART), letters_opener(slots=("automatic",))
    asked: list[int] = []
    resolve = way._asking.resolve

    def note(row: Row, words: Resolution, **said: str) -> Resolution:
        asked.append(row.step)  # a sentence may be read for it
        return resolve(row, words, **said)

    monkeypatch.setattr(way._asking, "resolve", note)
    for letter in LETTERS.encode("Room 1"):
        assert way.open(row, letter) is None
        row.read(letter, ends=False)
    assert (row.phase, asked) == (Phase.BEGUN, [])
    opening = way.open(row, ord("3"))
    assert opening is not None
    assert (asked, opening.measurable_target) == ([row.step], 0)


def test_a_value_of_two_lines_parts_at_the_end_of_the_first() -> None:
    row = letters_row("crate 101=1\n7\nlid=42\n", {"crate 101": "1\n7", "lid": "42"})
    way = letters_opener(slots=("automatic",))
    for letter in LETTERS.encode("Of crate 1"):
        assert way.open(row, letter) is None
        row.read(letter, ends=False)
    assert row.phase is Phase.BEGUN
    assert way.open(row, ord("\n")) is not None


class _Prefilling(PlainNull):
    """Counts what it takes away; without `reread`, as one that reads the whole prompt again for each."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[int] = []

    def __call__(self, tail: object, rows: Sequence[NullRow], *, plain: bool) -> NullReading:
        self.taken += [len(row.statements) for row in rows]
        said: Tensor = self.said
        return NullReading(tuple(said.expand(len(row.statements), -1) for row in rows), None, 1, "none")


class _Masking(_Prefilling):
    def reread(self, *_: object, **__: object) -> None:
        raise AssertionError("no question is read here")


@pytest.mark.parametrize(("null", "taken"), [(_Masking(), 4), (_Prefilling(), 2)])
def test_several_values_that_begin_alike_share_a_pass_where_each_costs_a_few_tokens(
    null: _Prefilling, taken: int
) -> None:
    items = {"alpha": "42", "beta": "17", "gamma": "18", "delta": "19", "eps": "10"}
    prompt = "".join(f"{key}={value}\n" for key, value in items.items())
    Generation(letters_row(f"{prompt}alpha=", items, "alpha"), null=null).write("1")
    assert null.taken == [taken]
    assert GuardConfig().max_nulls > taken


@pytest.mark.parametrize("most", [1, 2, 16])
def test_a_wrong_value_is_a_slot_also_where_only_the_target_is_read(most: int) -> None:
    """Asked for Ann's office, of whose evidence alone `max_nulls=1` has room, "It is 13" is no coincidence."""
    generation = Generation(row_of(OFFICES[:2]), slots=("automatic",), max_nulls=most)
    assert generation.write("It is 13.") == "It is 13."
    assert [slot.verdict for slot in generation.recorder.slots] == ["binding_failure"]
