"""Opens a slot behind words that name what is bound and say that its value follows: "the badge number is"."""

from __future__ import annotations

import re
from functools import cache

from guardbind.slots.moment import Moment
from guardbind.slots.rule import slot_rule
from guardbind.targets import Place
from guardbind.text.language import Language

__all__ = ["key_phrase", "says_that_a_value_follows"]


@slot_rule(order=50, expects_value=True)
def key_phrase(moment: Moment) -> Place | None:
    """A slot behind a key phrase, whatever the model is about to write there."""
    if moment.step == 0 or not says_that_a_value_follows(moment):
        return None
    place = moment.sentence()
    return place if moment.names_key(place.asks) else None


def says_that_a_value_follows(moment: Moment) -> bool:
    """Whether the text before a moment ends as one before a value does: "is", "was changed to", a colon."""
    if not _endings(moment.language).search(moment.last):
        return False
    return _opens(moment.language).search(moment.sentence().asks) is not None


@cache
def _opens(language: Language) -> re.Pattern[str]:
    said = language.statements
    return re.compile(
        rf"(?:{language.edge}(?:{said.being}|{said.changed})|[:=\u2192(]|->)"
        rf"\s*(?:(?:{'|'.join(sorted(said.the))})\b\s*)?[\"'`*_(\[\u201c\u201e\u2018$\u20ac\u00a3\u00a5#]*\s*\Z",
        re.IGNORECASE,
    )


@cache
def _endings(language: Language) -> re.Pattern[str]:
    """Return what the last token of such a text may end in; other moments cost nothing."""
    said = language.statements
    return re.compile(rf"(?:{said.being}|{said.to}|{'|'.join(sorted(said.the))}|\W|\A)\s*\Z", re.IGNORECASE)
