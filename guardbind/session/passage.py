"""Says how the words of a declared passage go on where the answer stands: each of them, or the rest of one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from guardbind.targets.query import Query, asks_for_value, odd_words
from guardbind.text.english import ENGLISH
from guardbind.text.language import Language
from guardbind.text.words import is_telling, words

__all__ = [
    "LETTER",
    "OPENING",
    "WORD",
    "Lead",
    "Rest",
    "goes_on_otherwise",
    "is_begun",
    "may_take_endings",
    "number_behind",
    "opens_structure",
    "opens_value",
    "rest_at",
    "value_of",
    "words_behind",
]

OPENING = "\"'`*_([{<\u201c\u2018"
"""What may stand before a value and is no part of it."""

_QUOTES = "\"'`*_\u201c\u2018"
LETTER = r"[^\W_\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
"""A letter or a digit of a script that sets words apart, as a regular expression."""

_BEFORE = frozenset(OPENING + ":\uff1a \t")
_PARTED = OPENING + "=:\uff1a,;|"  # behind these something begins
_APART = _PARTED + " \t\n"
_MOST_WORDS = 4  # of a passage that is a value and says nothing else: "21 August 2022"
_LONGEST_LINE = 400
_LONGEST_LEAD = 80  # characters: what stands word by word in both is seldom longer
_AROUND = OPENING + "\"'`*_)]}>.,;\u201d\u2019 \t\n"
_FEW_DIGITS = 2
_TELLING = 2  # characters before it by which one place of a word is told from others
_FUNCTION_WORDS = 2  # by which a sentence is one of a language: "do" and "to" are of several
_SAID_BEFORE = re.compile(r"(?:[!?:]|(?<=[^\W\d_]{3})\.)\s")  # "Dr. Ames" is one thing
_ASKED = re.compile(r"[!?]\s")
_TOLD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_PART = re.compile(r"[,;{|]")
_WITHIN = "_.-"  # join the parts of a name
_PARTING = re.compile(r"[=;|{}\n\u3002]|[:.!?](?:\s|$)|(?<!\d),(?=\S)|,(?=[^\W\d])")
_LAST = re.compile(r"[^\W_]+\Z")
_RUN = re.compile(r"\S+$")
# A word, a number or a code; what joins its parts belongs to it where a part follows.
_REST = re.compile(r"(?:[^\W_]|[^\w\s](?=[^\W_])|_(?=[^\W_]))+")
WORD = re.compile(r"[^\W_]+(?:[.,:/@'\u2019+_-](?=[^\W_])[^\W_]+)*")
"""A word, a number or a code, in the middle of a text."""
_FIRST = re.compile(rf"[^\w\s]{{0,2}}{WORD.pattern}")  # a currency or a sign is of the value
_BEHIND = re.compile(rf"[ \t{re.escape(OPENING)}]*" + r"(?P<word>[^\W_]+(?:[.,:/@'\u2019-](?=[^\W_])[^\W_]+)*)")


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of a word that the text before the slot has begun.

    Attributes:
        begun: Characters of it that are written.
        only: The rest of the one word that begins so; None where several do, or where it may be whole.
        every: The rests of all words that begin so.
    """

    begun: int
    only: str | None
    every: frozenset[str]


def rest_at(line: str, passages: Iterable[str]) -> Rest | None:
    """Return how a word goes on that a line ends in and passages have; None where the line ends in no such word.

    Args:
        line: The line before the slot.
        passages: What is declared.

    >>> rest_at("The order was placed on 202", ["2025-07-28"])
    Rest(begun=3, only='5-07-28', every=frozenset({'5-07-28'}))
    """
    line = line[-_LONGEST_LINE:]  # a search for a run at the end takes its square
    run = _RUN.search(line)
    begun = "" if run is None else run.group().lstrip(OPENING)
    if not begun or begun[-1] in _PARTED:
        return None
    lead = line[: len(line) - len(begun)].casefold()
    found = [(passage, at) for passage in dict.fromkeys(passages) for at in _places(begun, passage)]
    said = [_alike(lead, passage[: at - len(begun)].casefold()) for passage, at in found]
    # "April 2" goes on as April 28, 2026 does there, and not as its year.
    least = max(said, default=0) if max(said, default=0) >= _TELLING else 0
    ways = [_REST.match(*place) for place, alike in zip(found, said, strict=True) if alike >= least]
    rests, whole = {way.group() for way in ways if way is not None}, None in ways
    if not rests:
        return None
    only = next(iter(rests)) if len(rests) == 1 and not whole else None
    return Rest(len(begun), only, frozenset(rests))


def goes_on_otherwise(line: str, rest: Rest, passages: Sequence[str], language: Language) -> bool:
    """Whether the word that a line ends in may go on in another way than as the passage has it.

    A name takes other endings in a sentence of many languages ("v Praze", of Praha); so in a sentence of which no word
    is of the language that the prompt is read in, a word of letters is not taken to be whole in the passage. And one or
    two digits are no beginning of a code behind a word that the passage does not say: "crates 17", of "code 1742".

    Args:
        line: The line before the slot.
        rest: What is left of the word.
        passages: What is declared.
        language: What the prompt is read in.
    """
    lead, begun = line[: len(line) - rest.begun], line[len(line) - rest.begun :]
    if any(map(str.isdecimal, begun)) and not any(map(str.isalpha, begun)):
        if sum(map(str.isdecimal, begun)) > _FEW_DIGITS:
            return False
        parts = [words(part, language) for part in _SAID_BEFORE.split(_ASKED.split(lead)[-1])]
        before = [word.stem for part in parts for word in part if word.content]
        said = {word.stem for passage in passages for word in words(passage, language)}
        return len(said) > 1 and bool(before) and before[-1] not in said
    return not any(char.isdecimal() for char in begun + (rest.only or "")) and may_take_endings(lead, language)


def may_take_endings(lead: str, language: Language) -> bool:
    """Whether a name behind a text may take another ending than it has elsewhere: in a sentence of another language.

    >>> from guardbind.text.english import ENGLISH
    >>> may_take_endings("V p\u00e1tek hraje v ", ENGLISH), may_take_endings("It is in ", ENGLISH)
    (True, False)
    """
    told = _TOLD.findall(_SAID_BEFORE.split(lead)[-1])
    if language.script is not None or not told or not lead.rstrip()[-1:].isalpha():
        return False
    known = {word.casefold() for word in told if len(word) > 1} & language.function_words
    # A prompt of no known language is read as English.
    return len(known) < (_FUNCTION_WORDS if language is ENGLISH else 1)


def number_behind(line: str, passages: Iterable[str]) -> str | None:
    """Return the number that passages have right behind the word that a line ends in; None where they have no one.

    Args:
        line: The line before the slot.
        passages: What is declared.

    >>> number_behind("It was in December", ["On December 15, 2021, at noon."])
    '15'
    """
    last = _LAST.search(line[-_LONGEST_LINE:].rstrip(", \t"))
    if last is None:
        return None
    place = re.compile(rf"(?<![^\W_]){re.escape(last.group())}(?![^\W_])[\s,]*")
    found = [WORD.match(passage, match.end()) for passage in passages for match in place.finditer(passage)]
    numbers = {"" if word is None else word.group() for word in found}
    number = numbers.pop() if len(numbers) == 1 else ""
    return number if number[:1].isdecimal() else None


def opens_value(text: str) -> bool:
    """Whether a text may stand before a value, and is no part of one: a colon, a quote, a bracket.

    A space alone may be the first token of a value.

    >>> opens_value(' "'), opens_value(" -"), opens_value(" ")
    (True, False, False)
    """
    return bool(text.strip(" \t")) and _BEFORE.issuperset(text)


def is_begun(line: str, language: Language) -> bool:
    """Whether a line ends in a word that is about something: in the answer, and no more in what leads up to it."""
    found = words(line, language) if line[-1:].isalnum() else ()
    return any(word.content and word.end == len(line) for word in found)


def opens_structure(text: str) -> bool:
    """Whether a text opens an object or a block of code, in which it takes more to come to a value."""
    return "{" in text or "```" in text


def value_of(passages: Sequence[str], query: Query, line: str = "") -> str | None:
    """Return the first word of passages that are a value and say nothing else, if a value is what is asked for.

    Such a passage holds few words, all of which are about something, and no sign that parts a name from its value. None
    of them is said by the question, or stands before the slot: "booking reference QF7TLM" says what it is.

    Args:
        passages: What is declared.
        query: What is asked.
        line: The line before the slot.
    """
    said = {passage.strip(_AROUND) for passage in passages}
    if len(said) != 1:
        return None
    value = said.pop()
    parts = value.split()
    if not 0 < len(parts) <= _MOST_WORDS or _PARTING.search(value) or not asks_for_value(query):
        return None
    known = {word.stem for text in (query.text, line) for word in words(text, query.language) if word.content}
    if any(word.stem in known for word in words(value, query.language)):
        return None
    first = _FIRST.match(value)
    if first is None or not all(is_telling(part, query.language) for part in parts):
        return None
    return None if any(odd_words(part, query.language) for part in parts) else first.group()


def _alike(first: str, second: str) -> int:
    """Return how many characters two texts end in alike, from the last word that both have whole."""
    count = 0
    while count < min(len(first), len(second)) and first[-1 - count] == second[-1 - count]:
        count += 1
    while count and first[: len(first) - count][-1:].isalnum() and first[len(first) - count].isalnum():
        count -= 1
    return count if any(map(str.isalnum, first[len(first) - count :])) else 0


def _places(begun: str, passage: str) -> list[int]:
    """Return where in a passage a word stands behind its beginning; within a word only where none begins so."""
    boundary = r"(?<![^\W_])" if begun[0].isalnum() else ""
    found = list(re.finditer(boundary + re.escape(begun), passage))
    first = [match for match in found if match.start() == 0 or passage[match.start() - 1] in _APART]
    return [match.end() for match in first or found]


def words_behind(line: str, passages: Sequence[str], language: Language) -> set[str]:
    """Return the words that stand in passages behind what a line ends in, its last sign included or not.

    Args:
        line: The line before the slot.
        passages: What is declared.
        language: What the prompt is read in.

    >>> from guardbind.text.english import ENGLISH
    >>> words_behind("I say: the code is", ["The code is 4471."], ENGLISH)
    {'4471'}
    """
    said: set[str] = set()
    # A bracket may open something else: the number of a source.
    for before in dict.fromkeys((line, line.rstrip(_QUOTES + ": "))):
        lead = Lead.of(before, language)
        # What a sign stands for in the answer, a verb may say in the passage: `code:`, of "the code is 4471".
        said = said or (set() if lead is None else lead.followed_by(passages, verb=len(before) < len(line)))
    return said


@dataclass(frozen=True, slots=True)
class Lead:
    """What stands in a line before a slot: how it ends, and what else it names."""

    end: re.Pattern[str]
    stems: frozenset[str]
    language: Language

    @classmethod
    def of(cls, line: str, language: Language) -> Lead | None:
        """Read the last part of a line; None where no word of it is about something."""
        part = _PART.split(line[-_LONGEST_LEAD:].rstrip())[-1]
        telling = [word for word in words(part, language) if word.content]
        if not telling or (part[-1].isalnum() and all(len(word.stem) == 1 for word in telling)):
            return None
        start = telling[-1].start
        while start and (part[start - 1].isalnum() or part[start - 1] in _WITHIN):
            start -= 1
        pieces = r"\s*".join(map(re.escape, re.findall(r"[^\W_]+|[^\w\s]|_", part[start:])))
        whole = r"(?![^\W_])" if part[-1].isalnum() else ""
        end = re.compile(rf"(?<![\w{re.escape(_WITHIN)}]){pieces}{whole}", re.IGNORECASE)
        return cls(end, frozenset(word.stem for word in telling), language)

    def followed_by(self, passages: Iterable[str], *, verb: bool = False) -> set[str]:
        """Return the words that stand behind it in some passages; none where anything else does once.

        Args:
            passages: What is declared.
            verb: "Is" may stand between.
        """
        being = rf"\s+(?:{self.language.statements.being}){self.language.edge}(?=\s)" if verb else r"\b\B"
        copula = re.compile(being, re.IGNORECASE)
        said = set()
        for passage in passages:
            for match in self.end.finditer(passage):
                before = {word.stem for word in words(passage[: match.end()], self.language)}
                between = copula.match(passage, match.end())
                word = _BEHIND.match(passage, match.end() if between is None else between.end())
                if word is None or not self.stems <= before:
                    return set()
                if match.group()[-1:].isalnum() and not self._is_value(word["word"], passage[word.end() :]):
                    return set()
                said.add(word["word"])
        return said

    def _is_value(self, word: str, behind: str) -> bool:
        """Whether a word of a sentence may be a value: behind a sign any word is one, `no` too."""
        if re.match(rf"\s*(?:[:=]|{self.language.edge}(?:{self.language.statements.being}))", behind, re.IGNORECASE):
            return False  # "policy number is": a part of a name
        return is_telling(word, self.language) and not odd_words(word, self.language)
