"""Which intervention of an answer a labelled trial is counted by."""

from __future__ import annotations

from typing import Any

import pytest

from guardbind.calibrating.answering import deciding


class Record:
    """A record with the fields that matter here."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


def slots(*kinds: str) -> Any:
    return [Record(step=step, kind=kind) for step, kind in enumerate(kinds)]


def kept(*tried: tuple[int, int, int]) -> Any:
    return [Record(step=s, token_before=1, token_after=after, tokens_inserted=more) for s, after, more in tried]


@pytest.mark.parametrize(
    ("kinds", "tried", "step"),
    [
        (("field",), (), None),
        (("field", "field"), ((1, 2, 0),), 1),
        (("field", "field"), ((0, 1, 0), (1, 2, 0)), 1),
        (("field", "continued"), ((0, 1, 0), (1, 2, 0)), 0),
        (("field", "field"), ((0, 1, 9), (1, 2, 0)), 0),
        (("field", "field"), ((0, 1, 0), (1, 1, 0)), 0),
    ],
    ids=["none", "one", "later value", "same value", "restated", "nothing changed"],
)
def test_a_trial_is_counted_by_the_value_in_which_something_changes(
    kinds: tuple[str, ...], tried: tuple[tuple[int, int, int], ...], step: int | None
) -> None:
    found = deciding(kept(*tried), slots(*kinds))
    assert (None if found is None else found.step) == step
