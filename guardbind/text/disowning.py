"""Describes how a language says of a whole list that it does not hold, and that things changed places."""

from __future__ import annotations

import re
from dataclasses import dataclass

from guardbind.text.speech import NOTHING

__all__ = ["Disowning"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Disowning:
    """Words that take back more than one statement. A language that has none of them takes back nothing so.

    Attributes:
        labels: What says, in the label above a list, that it does not hold now, or never did: "superseded", "draft".
        notes: What says it of all that stands around it, in a sentence: "the numbers above are invented".
        about: How a sentence begins that says something of the list: unless it is affirmed, that takes it back.
        affirmed: What says that a list holds.
        unchanged: What says that nothing changed.
        older: Words that make another thing of what a list is of: "former", in lower case.
        below: What says that such a sentence means what follows it: "below".
        withdrawn: What says, beside whose value it is or right behind it, that it does not hold or is not known.
        told: What speaks of what was told, and not of whom it is about: "what I said", "the figure".
        asker: What says that it is the asker who does not know, which takes nothing back: "I forgot".
        reshuffled: What says that something has another value than it had, whichever: "swapped", "renumbered".
    """

    labels: re.Pattern[str] = NOTHING
    notes: re.Pattern[str] = NOTHING
    about: re.Pattern[str] = NOTHING
    affirmed: re.Pattern[str] = NOTHING
    unchanged: re.Pattern[str] = NOTHING
    older: frozenset[str] = frozenset()
    below: re.Pattern[str] = NOTHING
    withdrawn: re.Pattern[str] = NOTHING
    told: re.Pattern[str] = NOTHING
    asker: re.Pattern[str] = NOTHING
    reshuffled: re.Pattern[str] = NOTHING
