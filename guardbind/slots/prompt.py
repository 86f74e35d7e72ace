"""`prompt_end` and `line_end`: the answer begins with a value."""

from __future__ import annotations

from guardbind.slots.moment import Moment
from guardbind.slots.sentence import sentence
from guardbind.targets import Place

__all__ = ["line_end", "prompt_end"]


def prompt_end(moment: Moment) -> Place | None:
    """A slot at the end of every prompt."""
    return sentence(moment) if moment.step == 0 else None


def line_end(moment: Moment) -> Place | None:
    """A slot at the end of a prompt that stops in the middle of a line, as `KEY1=[` does."""
    return prompt_end(moment) if moment.stops_mid_line else None
