"""Finds slots by the model's own token: it starts a candidate."""

from __future__ import annotations

from guardbind.slots.moment import Moment
from guardbind.slots.rule import slot_rule
from guardbind.targets import Place

__all__ = ["automatic"]


@slot_rule(order=90, sees_token=True)
def automatic(moment: Moment) -> Place | None:
    """A slot wherever the model's own token starts a candidate, and goes on with no word and with no name.

    "The code of crate 1" is on its way to crate 101, though a code begins with 1 too. Where the sentence asks for a
    value already, a name that begins as the value does is no reason to leave that alone.
    """
    if moment.token not in moment.starts or moment.inside_word():
        return None
    place = moment.sentence()
    return None if moment.inside_name() and not moment.names_key(place.asks) else place
