"""Opens a slot behind words that name what is bound and say that its value follows: "the badge number is"."""

from __future__ import annotations

from guardbind.slots.following import says_that_a_value_follows
from guardbind.slots.moment import Moment
from guardbind.slots.rule import slot_rule
from guardbind.targets import Place

__all__ = ["key_phrase"]


@slot_rule(order=50, expects_value=True)
def key_phrase(moment: Moment) -> Place | None:
    """A slot behind a key phrase, whatever the model is about to write there."""
    if moment.step == 0 or not says_that_a_value_follows(moment):
        return None
    place = moment.sentence()
    return place if moment.names_key(place.asks) else None
