"""Sentences that give the value of something: `Bob's badge number is 4417`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from guardbind.extraction.prose import is_abbreviation, is_key
from guardbind.extraction.types import Block, Found, Path, Span
from guardbind.extraction.values import classify

__all__ = ["read"]

_VERB = re.compile(
    r"(?<=[\w)\"'’])[ \t]{1,4}(?:(?P<copula>is|was|are|were|equals|becomes|became)"
    r"(?:[ \t](?:now|currently|still|again))?(?:[ \t](?:set|changed|updated|corrected|equal)[ \t]to)?"
    r"|(?:has|have|had)[ \t]been[ \t](?:set|changed|updated|corrected)[ \t]to|(?P<has>has|had))[ \t]{1,4}(?=\S)"
)
_STOP = re.compile(r"[.!?](?=[\s\"')\u201d]|\Z)|[\r\n\u2028\u2029;]")
_BREAK = re.compile(
    r"(?:[.!?,:][\"'\u201d)]?[ \t])|[\r\n\u2028\u2029;(\u201c]|\b(?:and|but|or|that|so|then|now)[ \t]", re.IGNORECASE
)
_OWNER = re.compile(r"(?P<owner>[\w.&-]{1,60}?)(?:['\u2019]s|(?<=s)['\u2019])\Z")
_QUOTED = re.compile(r"[\"\u201c`](?P<value>[^\"\u201c\u201d`\r\n]{1,200})[\"\u201d`]")
_DETERMINERS = frozenset({"the", "a", "an", "my", "your", "our", "this", "that"})
# Whose it is stands in another sentence: two of them would look like one key with two values.
_OTHERS = frozenset({"his", "her", "its", "their"})
_DOUBTS = frozenset(
    {"if", "whether", "unless", "suppose", "assuming", "what", "which", "who", "where", "when", "why", "how", "not"}
)
_UNSURE = _DOUBTS | _OTHERS
_NOT_NAMES = _DOUBTS | {
    *("it", "this", "that", "these", "those", "there", "here", "he", "she", "they", "we", "i", "you", "one", "all"),
    *("some", "never", "also", "only", "about", "around", "at", "over", "than", "more", "less", "up", "to", "on", "in"),
    *("for", "with", "from", "as", "by"),
}
# What may follow a value in its sentence.
_GOES_ON = frozenset(
    {"and", "but", "so", "as", "at", "because", "by", "for", "from", "if", "in", "of", "on", "per", "since"}
    | {"until", "when", "where", "which", "while", "who", "with", "not", "now", "today", "again", "is", "was", "has"}
)
_NEXT_WORD = re.compile(r"[ \t][^\W\d_][\w%/\u00b2\u00b3-]{0,40}")
_CLAUSE_END = re.compile(r"[\"'\u201d)\]]?(?:[.,;!]|\s+and\b|\s*\Z|[ \t]*[\r\n])")
_REACH = 120  # characters before the verb
_AHEAD = 400  # characters after it in which a question mark is looked for
_WORDS = 6  # of a value
_ATTRIBUTE = 4  # words of an attribute, and of its owner


class _Name(NamedTuple):
    """What stands before the verb: its parts, how it is written, where it begins, and whether it is an attribute."""

    path: Path
    key: str
    start: int
    owned: bool


def read(text: str) -> Iterator[Block]:
    """Find sentences of these forms; OWNER and VALUE may be several words.

    ```
    OWNER's ATTRIBUTE is VALUE             the ATTRIBUTE of OWNER is VALUE
    OWNER has ATTRIBUTE VALUE              the ATTRIBUTE is VALUE
    NAME is VALUE
    ```

    For `is` also `was`, `are`, `were`, `equals`, `is now`, `was changed to`, `has been set to` and the like. A value is
    quoted, or typed (it has a digit, or is an address); a name in capitals only where the attribute has an owner.
    """
    reached = 0
    for verb in _VERB.finditer(text):
        limit = min(len(text), verb.end() + _AHEAD)
        stop = _STOP.search(text, verb.end(), limit)
        while stop is not None and _inside_name(text, stop.start()):
            stop = _STOP.search(text, stop.end(), limit)
        end = stop.start() if stop else limit
        if stop is not None and stop.group() == "?":
            continue
        words = _words_before(text, max(reached, verb.start() - _REACH), verb.start() + 1)
        if not words or any(word.lower() in _UNSURE for word, _ in words):
            continue
        found = (_having if verb["has"] else _being)(text, words, verb.end(), end)
        if found is not None:
            reached = found.statement[1]
            yield Block(found.statement, (found,))


def _being(text: str, words: list[tuple[str, int]], start: int, end: int) -> Found | None:
    name = _name(text, words)
    if name is None:
        return None
    value = _value(text, start, end, names=name.owned)
    if value is None:
        return None
    return Found(name.path, value, (name.start, value[1]), key=name.key)


def _having(text: str, words: list[tuple[str, int]], start: int, end: int) -> Found | None:
    """Read `Anna has badge number 4821`: a name, an attribute without a number, and a value that ends the clause."""
    owner = _capitals(words)
    if not owner:
        return None
    cursor = start
    attribute: list[str] = []
    for match in re.finditer(r"\S{1,60}", text[start : min(end, start + _REACH)]):
        cursor = start + match.start()
        if any(char.isdecimal() for char in match.group()) or len(attribute) > _ATTRIBUTE:
            break
        attribute.append(match.group())
    if attribute and attribute[0].lower() in _DETERMINERS:
        attribute = attribute[1:]
    if not 1 <= len(attribute) <= _ATTRIBUTE or any(w.lower() in _NOT_NAMES or not _wordlike(w) for w in attribute):
        return None
    value = _value(text, cursor, end, names=False)
    if value is None or not _CLAUSE_END.match(text, value[1]):
        return None
    person, noun = " ".join(word for word, _ in owner), " ".join(attribute)
    return Found((person, noun), value, (owner[0][1], value[1]), key=f"{person}'s {noun}")


def _words_before(text: str, start: int, end: int) -> list[tuple[str, int]]:
    """Return the words of the clause that ends at `end`, each with its place."""
    clause = start
    for match in _BREAK.finditer(text, start, end):
        if not (match.group().startswith(".") and _inside_name(text, match.start())):
            clause = match.end()
    if clause == start and start > 0 and text[start].isalnum() and text[start - 1].isalnum():
        return []  # the clause is longer than what is looked at
    return [(match.group(), match.start()) for match in re.compile(r"\S+").finditer(text, clause, end)]


def _name(text: str, words: list[tuple[str, int]]) -> _Name | None:
    plain = [word for word, _ in words]
    for at in range(len(words) - 2, max(-1, len(words) - 2 - _ATTRIBUTE), -1):
        if possessive := _OWNER.match(plain[at]):
            attribute = plain[at + 1 :]
            before = _capitals(words[:at]) if plain[at][:1].isupper() else []
            owner = " ".join([*(word for word, _ in before), possessive["owner"]])
            start = before[0][1] if before else words[at][1]
            return _attribute(owner, attribute, start)
    for at in range(len(words) - 2, 0, -1):
        if plain[at].lower() in ("of", "for"):
            person = plain[at + 2 :] if plain[at + 1].lower() in _DETERMINERS else plain[at + 1 :]
            noun, start = _noun(words[:at])
            return _attribute(" ".join(person), noun, start) if 1 <= len(person) <= _ATTRIBUTE else None
    noun, start = _noun(words)
    if not noun or len(noun) > _ATTRIBUTE or not all(_wordlike(word) for word in noun):
        return None
    key = " ".join(noun)
    if any(word.lower() in _NOT_NAMES for word in noun) or not is_key(key):
        return None
    return _Name((key,), key, start, False)


def _attribute(owner: str, attribute: list[str], start: int) -> _Name | None:
    if not 1 <= len(attribute) <= _ATTRIBUTE or not all(_wordlike(word) for word in attribute):
        return None
    if any(word.lower() in _NOT_NAMES for word in attribute) or owner.lower() in _NOT_NAMES or not is_key(owner):
        return None
    noun = " ".join(attribute)
    return _Name((owner, noun), f"{owner}'s {noun}", start, True)


def _noun(words: list[tuple[str, int]]) -> tuple[list[str], int]:
    """Return the words behind the last determiner, or all of them."""
    for at in range(len(words) - 1, -1, -1):
        if words[at][0].lower() in _DETERMINERS:
            words = words[at + 1 :]
            break
    return [word for word, _ in words], words[0][1] if words else 0


def _capitals(words: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return the words in capitals at the end of a clause, which are a name."""
    at = len(words)
    while at and len(words) - at < _ATTRIBUTE and words[at - 1][0][0].isupper() and _wordlike(words[at - 1][0]):
        at -= 1
    return [word for word in words[at:] if word[0].lower() not in _NOT_NAMES | _DETERMINERS]


def _wordlike(word: str) -> bool:
    return all(char.isalnum() or char in "-_.&/#'\u2019" or not char.isascii() for char in word)


def _value(text: str, start: int, end: int, *, names: bool) -> Span | None:
    """Return the longest value that begins at `start`."""
    if quoted := _QUOTED.match(text, start):
        return quoted.span("value") if quoted["value"].strip() else None
    ends = [match.end() for match in re.compile(r"\S{1,200}").finditer(text, start, min(end, start + 240))][:_WORDS]
    for stop in reversed(ends):
        while stop > start and text[stop - 1] in ".,;:!?)\"'\u2019\u201d*":
            stop -= 1
        if stop > start and classify(text[start:stop]).type != "text":
            return _with_unit(text, start, stop, end)
    return _named(text, start, ends) if names else None


def _with_unit(text: str, start: int, stop: int, end: int) -> Span | None:
    """Add what is counted or measured ("5 GB"); a value that goes on beyond two words is not taken in part."""
    reached = stop
    for word in _NEXT_WORD.finditer(text, stop, min(end, stop + _REACH)):
        if word.start() != reached:
            break
        if word.group().strip().lower() in ("to", "or"):
            return None  # a range, or a choice
        if word.group().strip().lower() in _GOES_ON:
            break
        reached = word.end()
    if reached == stop:
        return start, stop
    counted = text[stop:reached].split()
    elsewhere = re.compile(r",[ \t]+[A-Z]").match(text, reached)  # "5 Quay Road, Cork"
    return (start, reached) if len(counted) <= 2 and not elsewhere else None


def _named(text: str, start: int, ends: list[int]) -> Span | None:
    """Return the words in capitals that begin at `start`."""
    reached = None
    begin = start
    for stop in ends:
        word = text[begin:stop].lstrip()
        bare = word.rstrip(".,;:!?)\"'")
        if not bare or not bare[0].isupper() or not _wordlike(bare):
            break
        reached = stop - (len(word) - len(bare))
        if bare != word:
            break
        begin = stop
    return None if reached is None else (start, reached)


def _inside_name(text: str, dot: int) -> bool:
    """Whether a dot ends an initial or a title: "St. Mary", "J. Doe"."""
    return text[dot] == "." and is_abbreviation(text[max(0, dot - 6) : dot])
