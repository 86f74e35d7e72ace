"""Opens a slot behind words that stand before the value of a declared passage, or that ask for it again."""

from __future__ import annotations

from guardbind.slots.following import says_that_a_value_follows
from guardbind.slots.moment import Moment
from guardbind.slots.rule import slot_rule
from guardbind.targets import Place

__all__ = ["passage"]


@slot_rule(order=45)
def passage(moment: Moment) -> Place | None:
    """A slot where the answer comes to what a declared passage says, whose value is not known to the guard."""
    if moment.step == 0 or not says_that_a_value_follows(moment):
        return None
    return moment.sentence() if moment.says_passage() else None
