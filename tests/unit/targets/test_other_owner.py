"""A sentence names another owner than the query: nothing is written over the value that is asked for."""

from __future__ import annotations

from plain_slots import LETTERS

from guardbind.session.bound_prompt import bind_prompt
from guardbind.slots.detector import Detected
from guardbind.targets import Place, Resolution

FACTS = "Ann's locker code is 4417.\nBen's locker code is 8213.\nCleo's locker code is 3352."


def resolved(question: str, begun: str, beginning: tuple[int, ...]) -> Resolution:
    ids = LETTERS.encode(f"{FACTS}\n\n{question}\n")
    bound = bind_prompt(LETTERS, index=0, pad=0, ids=ids, items=None, declared=None, source=None)
    slot = Detected("value", Place(begun, begun), expects_value=True)
    assert slot.place is not None
    return bound.agreement.resolve(slot.place, beginning=beginning)


def test_the_value_that_is_asked_for_stays_whoever_it_is_given_to() -> None:
    found = resolved("What is Ann's locker code?", "The locker code of Ben is", (0,))
    assert found.index is None and "another owner" in found.reason
    assert resolved("What is Ann's locker code?", "The locker code of Ben is", (0, 1)).index is None


def test_otherwise_a_sentence_is_followed() -> None:
    assert resolved("What is Ann's locker code?", "The locker code of Ben is", (2,)).index == 1
    assert resolved("What is Ann's locker code?", "The locker code of Ben is", ()).index == 1
    assert resolved("What is Ann's locker code?", "The locker code of Ann is", (1,)).index == 0
