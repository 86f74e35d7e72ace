"""Which interventions of an answer a labelled trial is counted by."""

from __future__ import annotations

from typing import Any

import pytest

from guardbind.calibrating.answering import of_first_value


class Record:
    """A record with the fields that matter here."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


def slots(*kinds: str) -> Any:
    return [Record(step=step, kind=kind) for step, kind in enumerate(kinds)]


def kept(*tried: tuple[Any, ...]) -> Any:
    return [Record(step=s, token_before=1, token_after=after, tokens_inserted=more) for s, after, more in tried]


@pytest.mark.parametrize(
    ("kinds", "tried", "steps"),
    [
        (("field",), (), []),
        (("field", "field"), ((1, 2, 0),), []),
        (("field", "field"), ((0, 1, 0), (1, 2, 0)), [0]),
        (("field", "continued"), ((0, 1, 0), (1, 2, 0)), [0, 1]),
        (("field", "continued", "field"), ((1, 2, 0), (2, 2, 0)), [1]),
        (("field", "reopened", "field"), ((0, 1, 9), (1, 2, 0), (2, 2, 0)), [0, 1]),
        (("field",), ((0, None, 0),), []),
    ],
    ids=["none", "later value", "both values", "same value", "behind its first token", "restated", "abstained"],
)
def test_a_trial_is_counted_by_the_first_value_of_the_answer(
    kinds: tuple[str, ...], tried: tuple[Any, ...], steps: list[int]
) -> None:
    assert [found.step for found in of_first_value(kept(*tried), slots(*kinds))] == steps
