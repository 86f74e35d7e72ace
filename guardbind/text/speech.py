"""Describes how a language says that a statement is no evidence, that a value is new, and what verbs give a value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = ["NOTHING", "Changes", "Speech", "Stance", "Telling"]

Stance: TypeAlias = Literal[
    "stated", "former", "denied", "doubted", "supposed", "said", "commanded", "planned", "example"
]
"""How a statement is meant: only what is `stated`, or was so at a `former` time, says what it says."""

NOTHING = re.compile(r"(?!)")
"""Matches nothing: what a language has for a form that it doesn't know."""

_NONE: Mapping[Stance, re.Pattern[str]] = {}


@dataclass(frozen=True, eq=False, kw_only=True)
class Speech:
    """What is said about a statement. A language that says none of it reads every statement as stated.

    Attributes:
        frames: What stands anywhere before a statement in its clause, or in the heading above it.
        leads: What stands directly before it, or before its value.
        inside: What stands between its name and its value, or begins the value.
        tails: What stands directly behind it.
        past: A verb of the past; only behind one a tail makes a `former` value.
        complement: What opens a clause that another one says, up to the statement: "that the".
        asserted: What says that such a clause is so, up to that: "note", "it is true".
        unforgotten: What does so although it denies something: "don't forget".
        saying: Who says something, and the verb; the group `who` is one word.
        said_by: The same behind a statement: ", according to Bob"; the group `who` is one word.
        hearsay: What says so anywhere in what a sentence adds to its statement: ", at least that is what they reckon".
        voiced: What ends the words before a statement that somebody says in them, where no word opens its clause.
        sources: Who may say it, in lower case: documents, and the one who speaks.
        telling: A subject and a verb directly before a statement, as in "Bob swears".
        plain: Words in lower case that may stand before the name of a sentence and say nothing about it: "also".
        placing: What begins a phrase of time or place that may stand there: "in May". Where a language has neither,
            anything may stand there.
        partitive: What says, before a name, that its value is one of several: "one of the".
    """

    frames: Mapping[Stance, re.Pattern[str]] = field(default_factory=lambda: _NONE)
    leads: Mapping[Stance, re.Pattern[str]] = field(default_factory=lambda: _NONE)
    inside: Mapping[Stance, re.Pattern[str]] = field(default_factory=lambda: _NONE)
    tails: Mapping[Stance, re.Pattern[str]] = field(default_factory=lambda: _NONE)
    past: re.Pattern[str] = NOTHING
    complement: re.Pattern[str] = NOTHING
    asserted: re.Pattern[str] = NOTHING
    unforgotten: re.Pattern[str] = NOTHING
    saying: re.Pattern[str] = NOTHING
    said_by: re.Pattern[str] = NOTHING
    hearsay: re.Pattern[str] = NOTHING
    voiced: re.Pattern[str] = NOTHING
    sources: frozenset[str] = frozenset()
    telling: re.Pattern[str] = NOTHING
    plain: frozenset[str] = frozenset()
    placing: re.Pattern[str] = NOTHING
    partitive: re.Pattern[str] = NOTHING


@dataclass(frozen=True, eq=False, kw_only=True)
class Changes:
    """Words by which a value takes the place of another one.

    Attributes:
        cue: What begins a sentence that corrects or updates the one before: "Update:", "Sorry,".
        sorry: A sentence that only says that something was wrong, in front of one that says what is right.
        pronoun: What stands for the thing named last, with its verb, up to the value: "it is now".
        moved: A verb of change up to the new value: "was moved to". The group `old` is the value before it, if named.
        hers: What says that the owner named last has it: "her".
        refers: Words by which a sentence speaks of what was said before it: "they", "instead", "new".
        newer: What says before an attribute that its value is the newer one: "current".
        at: What may stand between any of these and the value.
        instead: What may follow a new value, up to the old one: "instead of".
        stale: What says that a value is no longer so, whichever took its place.
        no_longer: From the verb of a sentence to its old value: "is no longer"; and `but`: from there to the new one.
        but: See `no_longer`.
    """

    cue: re.Pattern[str] = NOTHING
    sorry: re.Pattern[str] = NOTHING
    pronoun: re.Pattern[str] = NOTHING
    moved: re.Pattern[str] = NOTHING
    hers: re.Pattern[str] = NOTHING
    refers: re.Pattern[str] = NOTHING
    newer: re.Pattern[str] = NOTHING
    at: re.Pattern[str] = NOTHING
    instead: re.Pattern[str] = NOTHING
    stale: re.Pattern[str] = NOTHING
    no_longer: re.Pattern[str] = NOTHING
    but: re.Pattern[str] = NOTHING


@dataclass(frozen=True, eq=False, kw_only=True)
class Telling:
    """Verbs other than those of being that give a value.

    Attributes:
        verbs: A verb in lower case to the attribute that it gives: "costs" to "price".
        counting: Verbs before a number and what it counts, which is the attribute: "gives 14 days".
        placing: Verbs, with a preposition, before a noun and its number, as a regular expression: "stands on".
        named: A word in lower case that says when, to the attribute that it is: "january" to "month".
    """

    verbs: Mapping[str, str] = field(default_factory=dict)
    counting: frozenset[str] = frozenset()
    placing: str = ""
    named: Mapping[str, str] = field(default_factory=dict)
