"""`automatic`: the model is about to start a candidate."""

from __future__ import annotations

from guardbind.slots.moment import Moment
from guardbind.slots.sentence import sentence
from guardbind.targets import Place

__all__ = ["automatic"]


def automatic(moment: Moment) -> Place | None:
    """A slot wherever the model's own token starts a candidate and no word goes on."""
    if moment.token in moment.starts and not moment.inside_word():
        return sentence(moment)
    return None
