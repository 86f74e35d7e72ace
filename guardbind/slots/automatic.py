"""Finds slots by the model's own token: it starts a candidate."""

from __future__ import annotations

from guardbind.slots.moment import Moment
from guardbind.slots.rule import slot_rule
from guardbind.targets import Place

__all__ = ["automatic"]


@slot_rule(order=90, sees_token=True)
def automatic(moment: Moment) -> Place | None:
    """A slot wherever the model's own token starts a candidate and no word goes on."""
    if moment.token in moment.starts and not moment.inside_word():
        return moment.sentence()
    return None
