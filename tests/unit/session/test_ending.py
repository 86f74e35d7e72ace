"""When a value of a declared passage ends: it is read beside the passage, and its records are corrected or let go."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

import pytest
from plain_slots import LETTERS, letters_row

from guardbind.events import FinalVerdict
from guardbind.evidence import Evidence
from guardbind.session.ending import Endings
from guardbind.session.limits import Limits
from guardbind.session.row import Row
from guardbind.session.value import Value, ValueEvent
from guardbind.slots.detector import Detected
from guardbind.targets import Place, Resolution

PASSAGE = "The margin was 44.9% in May."
PROMPT = f"{PASSAGE}\nWhat was the margin?\nIt was "


class Records:
    """Notes what is corrected and held back."""

    def __init__(self) -> None:
        self.corrected: list[tuple[tuple[int, ...], FinalVerdict]] = []
        self.held: Collection[int] = ()

    def correct(self, places: Sequence[int], reason: str, verdict: FinalVerdict) -> None:
        self.corrected.append((tuple(places), verdict))

    def release(self, row: int, held: Collection[int] = ()) -> None:
        self.held = held


def written(
    text: str, *, of: int, how: Literal["declared", "query"] = "declared", ends: bool = False
) -> tuple[Row, Records]:
    """Write a text, of which some letters are judged as a value with one record; then there is no slot any more."""
    row, records = letters_row(PROMPT, [Evidence("it", span=(0, len(PASSAGE)))], "it"), Records()
    endings = Endings(LETTERS, records, Limits(None, None, None, frozenset({0}), None, sampling=False))
    row.begin(Value(Detected("line_end", Place("", "")), Resolution(0, how, how, "it"), None, len(row.ids)))
    row.advance(ValueEvent.VERDICT)
    assert row.value is not None
    row.value.records.append(3)
    for place, letter in enumerate(text):
        if place == of and row.value is not None:
            row.advance(ValueEvent.DISMISS)
        row.read(ord(letter), ends=False)
        endings.observe(row)
    if ends:
        row.read(0, ends=True)
        endings.observe(row)
    return row, records


@pytest.mark.parametrize(("text", "of"), [("4.9% and", 1), ("4.9% and", 3), ("44.8% and", 2), ("44, and", 2)])
def test_what_ends_otherwise_is_taken_back(text: str, of: int) -> None:
    row, records = written(text, of=of)
    assert records.corrected == [((3,), "unsupported")]
    assert row.written is None and not records.held


@pytest.mark.parametrize(("text", "of"), [("44.9% and", 4), ("44.9% and", 2), ("about 44.9% and", 5)])
def test_what_is_copied_is_let_go_of(text: str, of: int) -> None:
    row, records = written(text, of=of)
    assert not records.corrected and row.written is None and not records.held


def test_records_are_held_until_the_word_is_whole() -> None:
    row, records = written("44", of=1)
    assert row.written is not None and list(records.held) == [3]
    _, records = written("44", of=1, ends=True)
    assert records.corrected == [((3,), "unsupported")] and not records.held
    _, records = written("44.9", of=1, ends=True)
    assert not records.corrected and not records.held


def test_one_whose_passage_was_found_and_not_declared_is_not_read_again() -> None:
    _, records = written("4.9% and", of=1, how="query")
    assert not records.corrected and not records.held
