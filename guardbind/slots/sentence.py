"""Returns the sentence that a slot stands in."""

from __future__ import annotations

from guardbind.slots.moment import Moment
from guardbind.targets import Place
from guardbind.text.layout import Layout

__all__ = ["sentence"]

_LONGEST = 400


def sentence(moment: Moment) -> Place:
    """Return the sentence up to the slot; it may have begun in the prompt."""
    text = moment.line()[-_LONGEST:]
    said = text[Layout(text, language=moment.language).begun() :]
    return Place(said, said)
