"""Finds slots behind a phrase that names what is bound and says that its value follows: "the badge number is"."""

from __future__ import annotations

import re

from guardbind.slots.moment import Moment
from guardbind.slots.rule import slot_rule
from guardbind.slots.sentence import sentence
from guardbind.targets import Place

__all__ = ["key_phrase"]

_OPENS = re.compile(
    r"(?:\b(?:is|are|was|were|be|been|equals|reads|(?:changed|corrected|moved|set|updated)\s+to)|[:=\u2192(]|->)"
    r"\s*(?:the\b\s*)?[\"'`*_(\[\u201c\u2018$\u20ac\u00a3\u00a5#]*\s*\Z",
    re.IGNORECASE,
)
# What the last token of such a text may end in; other moments cost nothing.
_ENDINGS = re.compile(r"(?:is|are|was|were|be|been|equals?|reads?|to|the|\W|\A)\s*\Z", re.IGNORECASE)


@slot_rule(order=50, expects_value=True)
def key_phrase(moment: Moment) -> Place | None:
    """A slot behind a key phrase, whatever the model is about to write there."""
    if moment.step == 0 or not _ENDINGS.search(moment.last):
        return None
    place = sentence(moment)
    return place if _OPENS.search(place.asks) and moment.names_key(place.asks) else None
