"""Describes a language: its words, and the patterns that are made from them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from guardbind.text.abbreviations import abbreviation_pattern
from guardbind.text.asking import Interrogatives
from guardbind.text.citing import Citing
from guardbind.text.disowning import Disowning
from guardbind.text.forms import Forms
from guardbind.text.item_words import ItemDomain
from guardbind.text.nouns import Nouns
from guardbind.text.speech import Changes, Speech, Telling
from guardbind.text.unsettling import Unsettling
from guardbind.text.vocabulary import Marks, Vocabulary
from guardbind.text.wordlists import either, wordlist

__all__ = ["Cue", "Dot", "Language", "Marks", "Questions", "Statements", "Vocabulary", "either", "wordlist"]

Dot: TypeAlias = Literal["always", "counted", "closing"]
"""When the dot of an abbreviation ends no sentence: always, before a number, or before a small letter or a digit."""

Cue: TypeAlias = Literal["date", "money", "email", "url"]
"""Kinds of value that a question can ask for without naming an attribute."""

_NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True, eq=False, kw_only=True)
class Questions:
    """What questions and begun answers are told by.

    Attributes:
        computed: Words after which the answer is another value than the one that stands in the context.
        several: Words that speak of several things at once.
        negated: Words that deny.
        condition: What begins a sentence that says what to do if the answer is not there.
        who: Words that ask for an owner.
        which: Words that ask for one of several things.
        cues: What asks for a kind of value without naming an attribute.
        cue_words: The words of these that name nothing else, in lower case.
        plural: Verbs of several things.
        past: Words that speak of what was before.
        whose: An owner by a pronoun, up to what is owned.
        corrected: What takes back something said before.
        form: What asks for a unit or a form; the group `form` names it.
        limits: What says more of a value than which it is.
        behind: What leads to a thing that something else is in or on.
        head: A noun that has the attribute behind it: "the checksum of"; the group is `head`.
        related: What leads to a name from somebody related to it: "a friend of"; the group is `noun`.
        owned: What leads from a name to what is owned: "'s manager"; the group is `noun`.
        order: Words that ask for the first (the group `first`) or the last value, unless `unwanted`.
        example: What introduces an example, up to its beginning.
        made: Computing words that say so only of what stands behind them. idle: Phrases that ask nothing: "in the end".
        carriers: Things that text stands on: "the receipt".
    """

    computed: re.Pattern[str]
    several: re.Pattern[str]
    negated: re.Pattern[str]
    condition: re.Pattern[str]
    who: re.Pattern[str]
    which: frozenset[str]
    cues: Mapping[Cue, re.Pattern[str]]
    cue_words: frozenset[str]
    plural: re.Pattern[str]
    past: re.Pattern[str]
    whose: re.Pattern[str]
    corrected: re.Pattern[str]
    form: re.Pattern[str]
    limits: re.Pattern[str]
    behind: re.Pattern[str]
    head: re.Pattern[str]
    related: re.Pattern[str]
    owned: re.Pattern[str]
    order: re.Pattern[str]
    example: re.Pattern[str]
    made: re.Pattern[str] = _NOTHING
    idle: re.Pattern[str] = _NOTHING
    carriers: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False, kw_only=True)
class Statements:
    """What statements are told by. Regular expressions are alternatives to be put into a pattern.

    Attributes:
        verbs: What stands between a name and its value in a sentence, as a regular expression with the groups `has`
            (somebody has something) and `from` (a value before another one); a group `kind` may say what the value
            is: the number that a badge bears.
        new: How a verb ends that says that a value is new.
        to: The word before the second of two values, as a regular expression.
        at: Words that may stand between the verb and a value.
        being: Verbs behind which a running answer gives a value.
        equal: Verbs between a key and a value that stand for a colon.
        changed: Phrases behind which a running answer gives a new value.
        determiners: Articles and what stands in their place, in lower case.
        the: The article of something that is known, in lower case.
        mine: Determiners that say whose it is by who speaks or is spoken to.
        others: Those that say it by what was said before.
        doubts: Words of a sentence that states nothing.
        denied: What denies or doubts what follows in the same sentence: "nobody said", "it is false that".
        denied_after: What denies what it follows: ", which is false".
        contrast: Words behind which what was denied before is not denied any more.
        not_names: Words that name nothing.
        of: Words between what is had and who has it.
        on: Words with which a sentence goes on behind a value.
        adverbs: Those of them that speak of when or how: with another value behind one, what stands before it is none.
        range: Words between the two ends of a range, or between two choices.
        belongs: A value that comes first: from the verb to the attribute; groups `verb`, `owner` and `attribute`.
        noted: The verb of these before which a name may stand.
        whose: A beginning that says of whom: "For Alice,"; the group is `owner`.
        owner: The word of an owner; the group is `owner`.
        owned: A key that says whose it is, with the groups `owner` and `attribute`, or `noun` and `of`.
        states: What is asked of things that have a state.
        clause: Words that make a clause of what stands beside a colon.
        clause_names: Those that are also names when they begin with a capital letter.
        request: What an instruction begins with.
        placeholder: Words that only say where a value is to stand, as a regular expression.
        assign: Verbs before an assignment, as a regular expression.
        questions: Keys that ask, in lower case.
        number_mark: What stands between a noun and its number, as a regular expression.
        hers: Determiners before a number whose owner is not named.
        no_nouns: Words before a number that are no noun.
        each: What stands before the price of one, as a regular expression.
        every: What stands behind it.
        value_headings: Headings of a column that say that it holds the values.
        asked_of_keys: What is asked of a key that nobody owns, by the kind of its value.
        value: What is asked of the others.
        possession: How an attribute is written with its owner: a template with `{owner}` and `{attribute}`.
        counters: Units behind a number, as a regular expression, where no space parts them from what follows.
    """

    verbs: str
    new: re.Pattern[str]
    to: str
    at: str
    being: str
    equal: str
    changed: str
    determiners: frozenset[str]
    the: frozenset[str]
    mine: frozenset[str]
    others: frozenset[str]
    doubts: frozenset[str]
    denied: re.Pattern[str]
    denied_after: re.Pattern[str]
    contrast: re.Pattern[str]
    not_names: frozenset[str]
    of: frozenset[str]
    on: frozenset[str]
    adverbs: frozenset[str]
    range: frozenset[str]
    belongs: re.Pattern[str]
    noted: str
    whose: re.Pattern[str]
    owner: re.Pattern[str]
    owned: re.Pattern[str]
    states: frozenset[str]
    clause: re.Pattern[str]
    clause_names: frozenset[str]
    request: re.Pattern[str]
    placeholder: str
    assign: str
    questions: frozenset[str]
    number_mark: str
    hers: re.Pattern[str]
    no_nouns: frozenset[str]
    each: str
    every: str
    value_headings: frozenset[str]
    asked_of_keys: Mapping[str, str]
    value: str
    possession: str
    counters: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Language:
    """All that the guard knows of a language; registered in `guardbind.registry.LANGUAGES`.

    Two languages are the same only if they are one object, so patterns can be kept for each.

    Attributes:
        name: Its registered name.
        locale: Its locale in Babel, by which other spellings of dates and amounts are made.
        stemming: Returns the form that the inflections of a word in lower case share.
        vocabulary: Words by what they say about a key or a value.
        marks: What the marks between words depend on.
        questions: What questions are told by.
        statements: What statements are told by.
        forms: What the forms of texts are told by.
        speech: What says that a statement is no evidence.
        changes: What says that a value is new.
        disowning: What says that a list does not hold.
        unsettling: What leaves open which value holds.
        asking: What the word that asks says of the answer.
        telling: What other verbs say.
        citing: What citations are told by.
        items: Words of items with known answers for verifiers; without any, they are asked the English ones.
        nouns: Nouns that say of which kind something is.
        script: A letter of a script of its own; None where it is that of other languages too.
    """

    name: str
    locale: str
    stemming: Callable[[str], str]
    vocabulary: Vocabulary
    marks: Marks
    questions: Questions
    statements: Statements
    forms: Forms = field(default_factory=Forms)
    speech: Speech = field(default_factory=Speech)
    changes: Changes = field(default_factory=Changes)
    disowning: Disowning = field(default_factory=Disowning)
    unsettling: Unsettling = field(default_factory=Unsettling)
    asking: Interrogatives = field(default_factory=Interrogatives)
    telling: Telling = field(default_factory=Telling)
    citing: Citing = field(default_factory=Citing)
    items: tuple[ItemDomain, ...] = ()
    nouns: Nouns = field(default_factory=Nouns)
    script: re.Pattern[str] | None = None

    def stem(self, word: str) -> str:
        """Return the form that the spellings of a word share: no case, no inflection."""
        low = word.casefold()
        return self.stemming(self.vocabulary.same.get(low, low))

    def stems(self, words: frozenset[str]) -> frozenset[str]:
        """Return the stems of some words."""
        return frozenset(map(self.stem, words))

    def possession(self, owner: str, attribute: str) -> str:
        """Write an attribute with its owner, as a key: "Bob's badge number"."""
        return self.statements.possession.format(owner=owner, attribute=attribute)

    def genitives(self, name: str) -> tuple[str, ...]:
        """Return the forms of a name that say by an ending of their own that it owns something."""
        return tuple(name + ending for ending in self.marks.genitives if name[-1:].isalpha())

    @cached_property
    def said_to_be(self) -> re.Pattern[str]:
        """A verb that gives a value, up to the value."""
        return re.compile(rf"\b(?:{self.statements.being})[ \u00a0]\Z")

    @cached_property
    def goes_on_with(self) -> re.Pattern[str]:
        """What stands behind a name that begins a sentence: a verb, or what is `owned` and a verb.

        The group `mark` is what says so, if it is not the name itself.
        """
        return re.compile(
            rf"(?P<owned>(?P<mark>{self.marks.possessive})?(?:[ \u00a0][^\s.!?;:]+){{1,4}}?)??"
            rf"[ \u00a0](?:{self.statements.verbs})[ \u00a0]"
        )

    @cached_property
    def owning(self) -> re.Pattern[str]:
        """What stands behind a name whose ending says that it owns something: a noun, with or without adjectives."""
        plain = "|".join(sorted(self.function_words))
        return re.compile(rf"[ \u00a0](?:(?!(?:{plain})[ \u00a0])[^\W\d_]+e[nmrs]?[ \u00a0]){{0,2}}(?=[^\W\d_a-zäöüß])")

    @cached_property
    def stop(self) -> frozenset[str]:
        """The stems of words that are about nothing."""
        return self.stems(self.vocabulary.stop)

    @cached_property
    def function_words(self) -> frozenset[str]:
        """Words in lower case that are no name, also where they begin a sentence; "Does" is none, but "Doe" is."""
        said = self.statements
        return self.vocabulary.stop | said.not_names | said.determiners | said.others | said.on

    @cached_property
    def first(self) -> frozenset[str]:
        """The stems of words that ask for the first value."""
        return self.stems(self.vocabulary.first)

    @cached_property
    def latest(self) -> frozenset[str]:
        """The stems of words that ask for the last value."""
        return self.stems(self.vocabulary.latest)

    @cached_property
    def generic(self) -> frozenset[str]:
        """The stems of words that a person may leave out of an attribute."""
        return self.stems(self.vocabulary.generic)

    @cached_property
    def trailing(self) -> frozenset[str]:
        """The stems of words that a person may add to an attribute."""
        return self.stems(self.vocabulary.trailing)

    @cached_property
    def leading(self) -> frozenset[str]:
        """The stems of words that a person may put before an attribute."""
        return self.stems(self.vocabulary.leading)

    @cached_property
    def plain(self) -> frozenset[str]:
        """The stems of words that say nothing of which value is asked for."""
        return self.stems(self.vocabulary.plain)

    @cached_property
    def places(self) -> frozenset[str]:
        """The stems of things that say where to look."""
        return self.stems(self.vocabulary.places)

    @cached_property
    def coded(self) -> frozenset[str]:
        """The stems of what any code may be said to have."""
        return self.stems(self.vocabulary.coded)

    @cached_property
    def which(self) -> frozenset[str]:
        """The stems of words that ask for one of several things."""
        return self.stems(self.questions.which)

    @cached_property
    def cue_words(self) -> frozenset[str]:
        """The stems of words that ask for a kind of value."""
        return self.stems(self.questions.cue_words)

    @cached_property
    def totals(self) -> frozenset[str]:
        """The stems of what a value of all that is listed is called."""
        return self.stems(self.unsettling.totals)

    @cached_property
    def apart(self) -> frozenset[str]:
        """The stems of words before a name that tell one of several who have it."""
        return self.stems(self.asking.apart)

    @cached_property
    def measured(self) -> frozenset[str]:
        """The stems of what a question may ask to be measured or called: "how high", "which amount"."""
        return self.stems(frozenset(self.asking.measures) | self.asking.nouns)

    @property
    def edge(self) -> str:
        """What parts a word from what stands beside it, as a regular expression."""
        return r"\b" if self.marks.spaced else ""

    @cached_property
    def listed(self) -> re.Pattern[str]:
        """What stands between the members of a list."""
        marks = self.marks
        return re.compile(
            rf"(?:{marks.possessive})?\s*(?:[,&/\u060c\u3001\uff0c]|,?\s*{self.edge}(?:{marks.listing}){self.edge})\s*"
            rf"(?:{marks.of}\s+)?"
        )

    @cached_property
    def clause_break(self) -> re.Pattern[str]:
        """What parts a key from the value of another one."""
        return re.compile(rf"[,;\u060c\u3001\uff0c\uff1b]|{self.edge}(?:{self.marks.joining}){self.edge}")

    @cached_property
    def phrase_opening(self) -> re.Pattern[str]:
        """What opens another phrase within a sentence, up to its beginning."""
        return re.compile(
            rf"(?:(?:[,:\]]|\.\.|\u2026)[\"'\u201d)]?[ \t])|[;(\u201c\u201e]|\b(?:{self.marks.opening})[ \t]",
            re.IGNORECASE,
        )

    @cached_property
    def abbreviation(self) -> re.Pattern[str]:
        """An abbreviation with its last dot; the group `short` is without it."""
        return abbreviation_pattern(self._abbreviated)

    @cached_property
    def abbreviation_end(self) -> re.Pattern[str]:
        """The last character of an abbreviation with its dot, which is looked for in a fraction of the time."""
        last = "".join(sorted({re.escape(short[-1:]) for short in self._abbreviated}))
        return re.compile(rf"[{last}]\.", re.IGNORECASE) if last else _NOTHING

    def dot_of(self, abbreviation: str) -> Dot:
        """Return when the dot of an abbreviation ends no sentence.

        >>> from guardbind.text.english import ENGLISH
        >>> ENGLISH.dot_of("Dr"), ENGLISH.dot_of("No"), ENGLISH.dot_of("p. m")
        ('always', 'counted', 'closing')
        """
        short = "".join(abbreviation.lower().split())
        return self._abbreviated.get(short) or self._abbreviated[f"-{short}"]

    @cached_property
    def _abbreviated(self) -> Mapping[str, Dot]:
        marks = self.marks
        found: dict[str, Dot] = dict.fromkeys(marks.closing, "closing")
        found |= dict.fromkeys(marks.counted, "counted")
        return found | dict.fromkeys(marks.abbreviations, "always")
