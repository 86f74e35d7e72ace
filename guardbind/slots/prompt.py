"""Finds a slot where the answer begins: at the end of the prompt."""

from __future__ import annotations

from guardbind.slots.moment import Moment
from guardbind.slots.rule import slot_rule
from guardbind.targets import Place

__all__ = ["line_end", "prompt_end"]


@slot_rule(order=10, begins_answer=True)
def prompt_end(moment: Moment) -> Place | None:
    """A slot at the end of every prompt."""
    return moment.sentence() if moment.step == 0 else None


@slot_rule(order=40, begins_answer=True)
def line_end(moment: Moment) -> Place | None:
    """A slot at the end of a prompt that stops in the middle of a line, as `KEY1=[` does."""
    return prompt_end(moment) if moment.stops_mid_line else None
