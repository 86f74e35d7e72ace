"""Describes the words of a language by what they say about a key or a value, and the marks between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Marks", "Vocabulary"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Vocabulary:
    """Words by what they say about a key or a value, in lower case.

    Attributes:
        stop: Words that are about nothing: articles, helping verbs, what one asks with.
        same: A word to the one that means the same in keys.
        first: Words that ask for the first of the values that a key had in turn.
        latest: Words that ask for the last of them.
        generic: Words of an attribute that a person may leave out: "badge" for badge number.
        naming: Keys of the name of a thing.
        contents: Headings of a list of what stands on which page.
        trailing: Those that a person may add: "phone number" is a phone.
        dating: Those that a person may add to what is a date: "due date", of what is due.
        leading: The same where they stand before it: "numéro de téléphone".
        plain: Words that say nothing of which value is asked for: that it is noted, wanted or looked up.
        places: Things that hold texts or records, and say no more than where to look: "in the list".
        coded: What a code may be said to have, whatever it is: "the entry for 9f2c-11".
    """

    stop: frozenset[str]
    same: Mapping[str, str]
    first: frozenset[str]
    latest: frozenset[str]
    generic: frozenset[str]
    trailing: frozenset[str]
    naming: frozenset[str] = frozenset()
    contents: frozenset[str] = frozenset()
    dating: frozenset[str] = frozenset()
    leading: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    coded: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False, kw_only=True)
class Marks:
    """What the marks between words depend on.

    Attributes:
        abbreviations: Words whose dot never ends a sentence, without their last dot: "mr", "e.g".
        counted: Those whose dot ends none before a number: "no", "fig".
        closing: Those whose dot ends none before a small letter or a digit: "ltd", "etc". One with a hyphen ends a
            longer word: "-str" is in "Lindenstr.".
        legal_forms: Words, in lower case, by which the name of a firm goes on behind such a dot: "Vogel & Co. Ltd".
        ordinals: Whether a dot behind a number of one or two digits may make it an ordinal number.
        ordinal_before: Words, in lower case, before which it does: names of months, mostly.
        nouns_are_capital: Whether a capital letter says no more than that a word is a noun.
        listing: Words between the members of a list, as a regular expression: "and|or".
        joining: The word of them that also begins another clause.
        opening: Words that begin another phrase.
        of: The word between what is had and who has it, in a list too.
        possessive: What is added to the name of an owner, as a regular expression.
        genitives: Endings that make a name the owner's in one word: "Annas".
        elided: Words that lose their vowel and stand before a mark, as a regular expression: "d", "l", "qu".
        of_joins: Words between what is had and who has it that stand between the nouns of one attribute as well:
            "numéro de badge". Only a name, a number or an article behind one says whose it is.
        spaced: Whether spaces part the words.
    """

    abbreviations: tuple[str, ...]
    counted: tuple[str, ...]
    closing: tuple[str, ...]
    legal_forms: frozenset[str]
    ordinals: bool
    ordinal_before: frozenset[str]
    nouns_are_capital: bool
    listing: str
    joining: str
    opening: str
    of: str
    possessive: str
    genitives: tuple[str, ...]
    elided: str = ""
    of_joins: frozenset[str] = frozenset()
    spaced: bool = True
