"""Takes a text apart into words, as keys, questions and answers share them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

from guardbind.text.english import ENGLISH
from guardbind.text.language import Language
from guardbind.text.layout import Span

__all__ = ["Word", "content", "count", "function_word", "is_telling", "joined", "spoken", "words"]

# Letters and digits with what may join them inside one word; "e-mail" is one word, "order_id" and "orderId" are two.
_WORD = re.compile(r"[^\W_]+(?:[.,:/@'\u2019-](?=[^\W_])[^\W_]+)*")
_ELIDED = "'\u2019"
_ELIDING = tuple(_ELIDED)
_KEPT = 1 << 15  # texts, as the keys and names of a large table
_DECIMAL = re.compile(r"\d")
_ELISION = re.compile(r"(?<![^\W\d_][^\W\d_][^\W\d_])(['\u2019]) (?=\w)")
_HUMP = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Word(NamedTuple):
    """One word.

    Attributes:
        stem: The form that its spellings share.
        start: Where it begins.
        end: The character behind it.
        capital: Whether it is written as a name is.
        numeric: Whether it has a digit.
        owning: Whether it is written as an owner is ("Bob's").
        content: Whether it is about something: no article, no helping verb, not what one asks with.
    """

    stem: str
    start: int
    end: int
    capital: bool
    numeric: bool
    owning: bool
    content: bool


@lru_cache(maxsize=_KEPT)
def words(text: str, language: Language = ENGLISH) -> tuple[Word, ...]:
    """Return the words of a text; camelCase and snake_case are taken apart, a possessive is taken off.

    >>> [word.stem for word in words("What are Bob's orderDates?")]
    ['what', 'are', 'bob', 'order', 'date']
    """
    possessive, spaced, stop = _possessive(language), language.marks.spaced, language.stop
    found: list[Word] = []
    for match in _word(language).finditer(text):
        if not spaced:
            found.extend(_unspaced(text, match.span(), language))
            continue
        whole = match.group()
        if whole.endswith(_ELIDING):
            found.append(Word(whole[:-1].casefold(), *match.span(), False, False, False, False))
            continue
        for start, end in _parts(whole, match.start(), language):
            written = possessive.sub("", text[start:end])
            if written:
                stem = language.stem(written)
                numeric = _DECIMAL.search(written) is not None
                owning = len(written) < end - start
                found.append(Word(stem, start, end, written[0].isupper(), numeric, owning, stem not in stop))
                if len(found) > 1 and found[-1].content and _leads(found[-2], start, text):
                    found[-2] = found[-2]._replace(content=True)
    return tuple(found)


def _leads(word: Word, start: int, text: str) -> bool:
    """Whether a word is the first part of a compound: a "sous-chef" is no "chef"."""
    return not word.content and word.end + 1 == start and text[word.end] == "-"


def content(found: Sequence[Word]) -> list[Word]:
    """Return the words that are about something."""
    return [word for word in found if word.content]


def is_telling(text: str, language: Language = ENGLISH) -> bool:
    """Whether a text holds a letter or digit, and more than words that are about nothing."""
    found = words(text, language)
    return any(word.content and (len(word.stem) > 1 or word.numeric or word.capital) for word in found)


@cache
def function_word(language: Language) -> re.Pattern[str]:
    """Return the words at which the run of a script without spaces is cut, the longest first."""
    words_of = language.vocabulary
    known = words_of.stop | words_of.first | words_of.latest | words_of.generic | words_of.same.keys()
    known |= {word for word in words_of.plain if len(word) > 1}
    return re.compile("|".join(map(re.escape, sorted(known, key=lambda word: (-len(word), word)))), re.IGNORECASE)


def _unspaced(text: str, span: Span, language: Language) -> Iterator[Word]:
    """Cut a run at changes of script and at function words; what is left between these is one word each.

    Nothing in it is written as a name is more than anything else, so all of it counts as a name.
    """
    assert language.script is not None
    own = rf"(?:{language.script.pattern})+"
    for piece in _pieces(own).finditer(text, *span):
        edges = [piece.start(), piece.end()]
        if language.script.match(piece.group()):
            cuts = function_word(language).finditer(text, *piece.span())
            edges = sorted({*edges, *(edge for cut in cuts for edge in cut.span())})
        for start, end in pairwise(edges):
            written = text[start:end]
            stem = language.stem(written)
            capital = written[0].isupper() or language.script.match(written) is not None
            owning = text.startswith(language.marks.of, end)
            numeric = any(char.isdecimal() for char in written)
            yield Word(stem, start, end, capital, numeric, owning, stem not in language.stop)


@cache
def _pieces(own: str) -> re.Pattern[str]:
    return re.compile(rf"{own}|(?:(?!{own})[\w.,:/@'\u2019-])+(?<=\w)")


@cache
def spoken(language: Language) -> re.Pattern[str]:
    """Return what a word of a sentence is, with its marks; an elided one is a word of its own."""
    elided = language.marks.elided
    return re.compile(rf"(?<![\w'\u2019])(?i:{elided})[{_ELIDED}](?=\w)|\S+" if elided else r"\S+")


def joined(said: Iterable[str], language: Language) -> str:
    """Write words as they stand beside each other: "date d'échéance"."""
    written = " ".join(said)
    return _ELISION.sub(r"\1", written) if language.marks.elided else written


def count(said: Iterable[str], language: Language) -> int:
    """Return how many words a name has; what joins its nouns does not count."""
    joining = frozenset[str]()
    if language.marks.of_joins:
        joining = language.statements.of | language.statements.determiners
    return sum(word.lower() not in joining for word in said)


@cache
def _word(language: Language) -> re.Pattern[str]:
    elided = language.marks.elided
    return re.compile(rf"(?<![\w'\u2019])(?i:{elided})[{_ELIDED}](?=[^\W_])|{_WORD.pattern}") if elided else _WORD


@cache
def _possessive(language: Language) -> re.Pattern[str]:
    return re.compile(rf"(?:{language.marks.possessive})\Z")


def _parts(written: str, at: int, language: Language) -> list[Span]:
    """Return where the parts of a compound stand; one that means the same as another word is not taken apart."""
    if written.isalpha() and (len(written) == 1 or written[1:].islower()):
        return [(at, at + len(written))]  # nothing in it parts it
    same = written.casefold() in language.vocabulary.same
    if _DECIMAL.search(written) is not None or same or "@" in written:
        return [(at, at + len(written))]
    parts: list[Span] = []
    for piece in re.finditer(r"[^-/.,:@]+", written):
        edges = [0, *(cut.start() for cut in _HUMP.finditer(piece.group())), len(piece.group())]
        base = at + piece.start()
        parts += [(base + a, base + b) for a, b in pairwise(edges) if a < b]
    return parts
