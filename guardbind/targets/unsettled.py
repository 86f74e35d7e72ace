"""Tells whether a value says of itself that it is not settled: a chain of steps, a choice, a guess, a sum."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import pairwise

from guardbind.evidence import Located
from guardbind.extraction.kinds import alike
from guardbind.targets.query import Query
from guardbind.text.language import Language
from guardbind.text.layout import Span
from guardbind.text.words import words

__all__ = ["unsettled"]

_LONGEST = 200  # characters of a value that are looked at
_NO = 16  # characters behind a value in which a denial begins
_BEHIND = 60  # characters behind it
_ARROW = re.compile(r"\s*(?:-+>|=+>|[\u2192\u21d2\u27f6\u27a1\ufe0f]+)\s*|\s+/\s+")
# "( ) 12 ( ) 14", "a) 12 b) 14", a blank to be filled in, what is struck through, what is to be added up.
_OPTIONS = re.compile(
    r"[(\[][ xX\u2713]?[)\]].*\d|(?:\b[a-dA-D][.)]\s.*){2}|_{3,}|\.{4,}|~~|\d\s*[+*\u00d7]\s*\d", re.DOTALL
)
_STEP = re.compile(r"\s*(?:-+>|=+>|[\u2192\u21d2\u27f6\u27a1\ufe0f]+|>)\s*")
_AMOUNT = re.compile(r"[$\u20ac\u00a3\u00a5]\s?\d|\d\s?[$\u20ac\u00a3\u00a5]")
_BEFORE = 160  # characters before a statement in which something is said about it
_END = re.compile(r"[.!?](?:\s|\Z)|[\u3002\uff01\uff1f]")
_CLOSING = re.compile(r"[\"'\u201d\u2019)\s]*[.,;!\u2013\u2014\u3002\uff0c\uff01(-]+[\"'\u201d\u2019)\s(]*")
_NEXT = re.compile(
    r"[\"'\u201d\u2019)]*[.;!\u3002\uff1b\uff01]?[ \t]*\n?[ \t]*"
    r"(?P<said>[^.!?:\n\u3002\uff01\uff1f\uff1a]{3,80})[.!\u3002\uff01\n]"
)
_QUERIED = re.compile(r"\?[)\]]?\s*\Z")
_OPENING = r"[\s,;(\[\u2013\u2014\uff08\uff0c-]*"
_PARTED = r"(?:\s+|\s*[,;(\[\u2013\u2014\uff08\uff0c]\s*|\s-\s)[(\[]?"
_PART = r"\s*[(\[\uff08,;\uff0c\u2013\u2014]\s*"
_WORD = re.compile(r"[^\s,;()\[\]]*\d[^\s,;()\[\]]*")


def unsettled(item: Located, query: Query, owners: Collection[str] = ()) -> bool:
    """Whether the value of a binding, or what stands right behind it, leaves open which value holds.

    "14 -> 9", "was 14, now 9", "14 or 15", "14 (guess)", "a) 12 b) 14", "14 + 2". What the question asks for in such
    words itself is settled for it.

    Args:
        item: The binding.
        query: What is asked.
        owners: All whose values the prompt states: a sentence that names one of them is about that one.
    """
    value, language = (item.value or "")[:_LONGEST], query.language
    if _chained(value) or _names_step(item, value, query) or _worded(value, query.text, language):
        return True
    if not item.mentions:
        return False
    if _denied(item, query):
        return True
    last = item.mentions[-1]
    return _goes_on(value, last.value_chars[1], query) or _belied(last.chars, query) or _withdrawn(item, query, owners)


def _denied(item: Located, query: Query) -> bool:
    """Whether a sentence elsewhere begins with the value and denies it of its owner: "3381 is not Jo's extension"."""
    prompt = query.prompt
    told = [
        mention.chars for mention in item.mentions if any(own in prompt[slice(*mention.chars)] for own in item.owners)
    ]
    for surface in item.surfaces:
        if not any(map(str.isdecimal, surface)):
            continue
        for found in re.finditer(rf"(?<![\w.,]){re.escape(surface)}(?![\w])", prompt):
            if any(start <= found.start() < end for start, end in told):
                continue
            end = _END.search(prompt, found.end())
            said = prompt[found.end() : min(found.end() + _BEFORE, end.start() if end else len(prompt))]
            no = query.language.questions.negated.search(said, 0, _NO)
            if no is not None and not any(map(str.isdecimal, said)) and any(own in said for own in item.owners):
                return True
    return False


def _withdrawn(item: Located, query: Query, owners: Collection[str]) -> bool:
    """Whether the sentence right behind a statement, which names and gives nothing, says that it does not hold."""
    prompt, start = query.prompt, item.mentions[-1].chars[1]
    found = _NEXT.match(prompt, start, start + 2 * _BEHIND)
    if found is None or query.span[0] < found.end():
        return False
    said = found["said"]
    if any(map(str.isdecimal, said)) or any(own in said for own in (*item.owners, *owners)):
        return False
    return query.language.disowning.withdrawn.search(said) is not None


def _belied(statement: Span, query: Query) -> bool:
    """Whether the words before a statement, in its sentence, or right behind it say that it is not so."""
    prompt, said = query.prompt, query.language.unsettling
    line = prompt.rfind("\n", 0, statement[0]) + 1
    low = max(line, statement[0] - _BEFORE)
    ends = [end.end() for end in _END.finditer(prompt, low, statement[0])]
    high = prompt.find("\n", statement[1])
    high = min(len(prompt) if high < 0 else high, statement[1] + _BEHIND)
    asked = query.text.casefold()
    before = said.belied.search(prompt, ends[-1] if ends else low, statement[0])
    if before is not None and before.group().casefold() not in asked:
        return True
    opened = _CLOSING.match(prompt, statement[1], high)
    return opened is not None and said.taken_back.match(prompt, opened.end(), high) is not None


def _chained(value: str) -> bool:
    """Whether a value has steps of one kind, or is no value but a choice, a blank or a sum."""
    if not any(map(str.isdecimal, value)):
        return _OPTIONS.search(value) is not None
    steps = [step for step in _ARROW.split(value) if step.strip()]
    if len(steps) > 1 and all(any(map(str.isdecimal, step)) for step in steps[:2]):
        return True
    return bool(_OPTIONS.search(value) or _QUERIED.search(value) or len(_AMOUNT.findall(value)) > 1)


def _names_step(item: Located, value: str, query: Query) -> bool:
    """Whether a question names a step of a value that is a chain of them: "what comes after whip"."""
    if len(_STEP.split(value)) < 3:
        return False
    key = {word.stem for word in words(item.key, query.language)}
    steps = {word.stem for word in words(value, query.language) if word.content} - key
    return any(word.stem in steps for word in words(query.text, query.language))


def _worded(value: str, asked: str, language: Language) -> bool:
    said = language.unsettling
    edge, numbers = language.edge, list(_WORD.finditer(value))
    digits = bool(numbers) and any(map(str.isdecimal, value))

    def tells(pattern: re.Pattern[str], before: str, *, whole: bool = False) -> bool:
        matches = re.finditer(rf"{before}(?P<said>{pattern.pattern})", value, re.IGNORECASE)
        return any(
            match["said"].casefold() not in asked.casefold() for match in matches if not whole or match.start() == 0
        )

    if digits and tells(said.led, r"\A[^\w]*", whole=True):
        return True
    if digits and numbers[0].start() == 0 and tells(said.trailed, _PARTED):
        return True
    if tells(said.trailed, _PART):
        return True
    return any(
        re.search(rf"(?:{edge})(?:{said.turned.pattern})", value[one.end() : other.start()], re.IGNORECASE)
        and alike(one.group(), other.group())
        for one, other in pairwise(numbers)
    )


def _goes_on(value: str, end: int, query: Query) -> bool:
    """Whether a value that was cut out of a sentence has another one behind it that may take its place."""
    prompt, said = query.prompt, query.language.unsettling
    line = prompt.find("\n", end)
    behind = prompt[end : min(end + _BEHIND, line if line >= 0 else len(prompt))]
    following = _WORD.search(behind)
    if opened := re.match(rf"{_PART}(?P<said>{said.trailed.pattern})", behind, re.IGNORECASE):
        return behind.lstrip()[:1] in "([\uff08" and opened["said"].casefold() not in query.text.casefold()
    if following is None or not alike(value, following.group().rstrip(".:!?")):
        return False
    gap = behind[: following.start()]
    if _ARROW.fullmatch(gap):
        return True
    turned = re.fullmatch(rf"{_OPENING}(?:{said.turned.pattern})(?:\W+[^\W\d]+){{0,2}}\W*", gap, re.IGNORECASE)
    choice = re.fullmatch(rf"{_OPENING}(?:{said.trailed.pattern})(?:\W+[^\W\d]+){{0,4}}\W*", gap, re.IGNORECASE)
    return turned is not None or choice is not None
