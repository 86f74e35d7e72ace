"""Defines slot rules: callables that find a slot, and carry what a guard has to know of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Protocol

from guardbind.slots.moment import Moment
from guardbind.targets import Place

__all__ = ["SlotFinder", "SlotRule", "as_slot_rule", "slot_rule"]

SlotFinder = Callable[[Moment], Place | None]
"""Says what stands before a slot at a moment, or None between slots."""


class SlotRule(Protocol):
    """Says whether a value is about to be written; registered in `SLOTS`, or given in `GuardConfig.slots`.

    A plain callable will do as well: what it lacks of these attributes is taken to be as `slot_rule` has it.
    """

    @property
    def order(self) -> int:
        """Rules of a smaller number are asked first, and the first that finds a slot is believed."""
        ...

    @property
    def expects_value(self) -> bool:
        """Whether the text asks for a value there, so that what the model writes is looked at even if it is none.

        The model may be about to write something else all the same; then no slot opens.
        """
        ...

    @property
    def sees_token(self) -> bool:
        """Whether it is a slot only because of the token that the model is about to write: one that starts a candidate.

        If it goes on as no candidate does, or rests on no binding's evidence, there was no slot.
        """
        ...

    @property
    def begins_answer(self) -> bool:
        """Whether the rule finds slots before the first token of the answer only, so that it costs nothing later."""
        ...

    def __call__(self, moment: Moment, /) -> Place | None:
        """Return what stands before the slot, or None between slots."""
        ...


class _FoundBy:
    """A function with the attributes of a rule; its name and docstring are the function's."""

    def __init__(
        self, find: SlotFinder, order: int, expects_value: bool, sees_token: bool, begins_answer: bool
    ) -> None:
        functools.update_wrapper(self, find, updated=())
        self._find = find
        self.order = order
        self.expects_value = expects_value
        self.sees_token = sees_token
        self.begins_answer = begins_answer

    def __call__(self, moment: Moment, /) -> Place | None:
        return self._find(moment)


def slot_rule(
    *, order: int = 70, expects_value: bool = False, sees_token: bool = False, begins_answer: bool = False
) -> Callable[[SlotFinder], SlotRule]:
    """Return a decorator that makes a slot rule of a function; see `SlotRule` for what the arguments mean.

    >>> @slot_rule(order=15)
    ... def after_arrow(moment):
    ...     return Place("", "") if moment.last.endswith("=>") else None
    >>> after_arrow.order, after_arrow.expects_value
    (15, False)
    """

    def decorate(find: SlotFinder) -> SlotRule:
        return _FoundBy(find, order, expects_value, sees_token, begins_answer)

    return decorate


_PLAIN = slot_rule()(lambda moment: None)


def as_slot_rule(found_by: SlotFinder) -> SlotRule:
    """Return a callable as a slot rule; attributes that it lacks are those of `slot_rule`."""
    return _FoundBy(
        found_by,
        order=int(getattr(found_by, "order", _PLAIN.order)),
        expects_value=bool(getattr(found_by, "expects_value", _PLAIN.expects_value)),
        sees_token=bool(getattr(found_by, "sees_token", _PLAIN.sees_token)),
        begins_answer=bool(getattr(found_by, "begins_answer", _PLAIN.begins_answer)),
    )
