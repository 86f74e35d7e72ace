"""Finds what a caller declared without saying its value, and where an answer comes to it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from guardbind.session.bound_prompt import BoundPrompt
from guardbind.session.passage import OPENING, value_of, words_behind
from guardbind.targets import Resolution, resolve
from guardbind.targets.query import Query
from guardbind.text.layout import layout_of
from guardbind.text.words import words

__all__ = ["asks_again", "comes_to", "declared_passages", "passages_of"]

_LONGEST = 200  # characters: one that is longer says several things
_LONGEST_LINE = 400  # characters of it that are read
_LISTED = re.compile(r",\s|\s&\s|/")
_FIELD = re.compile(r"\s*[\"'`]?[\w -]{1,60}[\"'`]?\s*[:=]\s*[\"'`]?\s*")
_PARTED = re.compile(r"[:;{|]\s+(?=\S)")


def passages_of(bound: BoundPrompt, resolution: Resolution) -> list[str]:
    """Return the statements of a target that was declared without its value, and that may be copied from.

    There are none where the target was found, where its value is known, where a statement is so long that it says
    several things, and where the question asks for something else than a copy.

    Args:
        bound: The prompt.
        resolution: Where the value should come from.
    """
    if resolution.index is None or resolution.how != "declared":
        return []
    target, query = bound.table.items[resolution.index], bound.agreement.query
    if target.absent or target.value is not None:
        return []
    if query.odd or query.language.questions.made.search(query.text):
        return []
    passages = list(dict.fromkeys(bound.prompt.text[slice(*mention.chars)] for mention in target.mentions))
    return [] if any(len(passage) > _LONGEST for passage in passages) else passages


def declared_passages(bound: BoundPrompt) -> list[str]:
    """Return the statements that the caller of a prompt declared as its target, without its value; mostly none.

    Args:
        bound: The prompt.
    """
    if bound.declared is None or all(item.value is not None for item in bound.table.items):
        return []
    return passages_of(bound, resolve(bound.table, bound.prompt, declared=bound.declared, language=bound.language))


def comes_to(line: str, passages: Sequence[str], query: Query) -> bool:
    """Whether an answer has come to where passages say what follows, or asks once more what they are the value of.

    It does where the words before stand in the passage before a value: "the code is", of "The code is 4471". And where
    the passage is a value and says nothing else, and the sentence says what was asked once more and nothing besides:
    "The step count of job-49 is". A field says only what is asked: `"status": "`. A sentence about something else, or
    more, may have another value, and so may each of several things that are asked.

    Args:
        line: The answer's line so far.
        passages: What is declared.
        query: What is asked.
    """
    line = line[-_LONGEST_LINE:]
    if not passages:
        return False
    if len(words_behind(line, passages, query.language)) == 1:
        return True
    part = _PARTED.split(line.rstrip(OPENING + " \t"))[-1]
    return asks_again(line, query) and value_of(passages, query, part) is not None


def asks_again(line: str, query: Query) -> bool:
    """Whether the sentence of an answer, or the name of its field, says what is asked once more and nothing besides.

    Args:
        line: The answer's line so far.
        query: What is asked.
    """
    part, language = _PARTED.split(line[-_LONGEST_LINE:].rstrip(OPENING + " \t"))[-1], query.language
    asking = _sentence_that_asks(query)
    about = {word.stem: part[word.start : word.end] for word in words(part, language) if word.content}
    asked = {word.stem for word in words(asking, language) if word.content}
    listed = re.search(rf"{language.edge}(?:{language.marks.listing}){language.edge}", asking, re.IGNORECASE)
    several = listed or _LISTED.search(asking) or language.questions.several.search(asking)
    if not about or not about.keys() <= asked or several:
        return False
    # A name says whose it is, and not what: "Job-49 is".
    if all(any(map(str.isdecimal, said)) or said[:1].isupper() for said in about.values()):
        return False
    return _FIELD.fullmatch(part) is not None or 2 * len(about) >= len(asked)


def _sentence_that_asks(query: Query) -> str:
    """Return the sentence with the question; all of it where there is none. What else is said may name other things."""
    units = layout_of(query.text, query.language).units(0, len(query.text))
    return next((query.text[unit.start : unit.end] for unit in units if unit.question), query.text)
