"""Sentences that give the value of something: `Bob's badge number is 4417`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from guardbind.extraction.prose import is_abbreviation, is_key
from guardbind.extraction.rule import Block, Found, Path, Span
from guardbind.text.values import classify

__all__ = ["read"]

_VERB = re.compile(
    r"(?<=[\w)\"'’])[ \t]{1,4}(?:(?:is|was|are|were|equals|becomes|became)(?![ \t][a-z]{5,9}[ \t]from\b)"
    r"(?:[ \t](?:now|currently|still|again))?(?:[ \t](?:set|changed|updated|corrected|equal)[ \t]to)?"
    r"|(?:(?:has|have|had)[ \t]been[ \t]|(?:was|were)[ \t])?"
    r"(?P<from>changed|updated|corrected|moved|raised|lowered|reduced|increased)[ \t]from"
    r"|(?:has|have|had)[ \t]been[ \t](?:set|changed|updated|corrected)[ \t]to|(?P<has>has|had))[ \t]{1,4}(?=\S)"
)
_STOP = re.compile(r"[.!?](?=[\s\"')\u201d]|\Z)|[\r\n\u2028\u2029;]")
_BREAK = re.compile(
    r"(?:[.!?,:\]][\"'\u201d)]?[ \t])|[\r\n\u2028\u2029;(\u201c]|\b(?:and|but|or|that|so|then|now)[ \t]", re.IGNORECASE
)
_OWNER = re.compile(r"(?P<owner>[\w.&#-]{1,60}?)(?:['\u2019]s|(?<=s)['\u2019])\Z")
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
_BELONGS = re.compile(
    r"(?<=[\w)])[ \t](?P<verb>is|was|as)[ \t](?P<owner>[A-Z][\w.&-]{0,40}(?:[ \t][A-Z][\w.&-]{0,40}){0,2})['\u2019]s"
    r"[ \t](?P<attribute>[\w-]{1,40}(?:[ \t][\w-]{1,40}){0,3}?)(?=[.,;!]|[ \t]and\b|[ \t]*[\r\n]|[ \t]*\Z)"
)
_TYPED = 4  # words of a value that comes first
_LONGEST_TYPED = 60  # characters of it
_NEW = re.compile(r"(?:now|to)[ \t]+\Z")
_STATE = re.compile(r"[a-z][a-z_-]{1,30}(?=[.;]?(?:[ \t]*[\r\n]|[ \t]*\Z|[.;][ \t]))")  # "is now overdue."
_MINE = frozenset({"my", "our", "your"})
_CODE = re.compile(r"[A-Z]{3}[ \t\u00a0]\d")  # of a currency, before its amount
# "For Alice, the badge number is"
_FOR = re.compile(
    r"(?:\A|(?<=[\s\"'(]))For[ \t](?P<owner>[A-Z#\d][\w.&#-]{0,40}(?:[ \t][A-Z#\d][\w.&#-]{0,40}){0,3}),[ \t]\Z"
)
_WHERE = re.compile(r"(?:at|on|in)[ \t](?=\S)")
_PLACED = frozenset({"date", "id", "text", "email", "url"})  # what may follow that: "in 3 countries" is no value
_TO = re.compile(r"[ \t](?P<to>to)[ \t](?=\S)")
_REACH = 120  # characters before the verb
_AHEAD = 400  # characters after it in which a question mark is looked for
_WORDS = 6  # of a value
_ATTRIBUTE = 4  # words of an attribute, and of its owner


class _Name(NamedTuple):
    """What stands before the verb.

    Attributes:
        path: Its parts.
        key: How it is written.
        start: Where it begins.
        owned: Whether it says whose it is.
        place: Where the first of its parts stands.
    """

    path: Path
    key: str
    start: int
    owned: bool
    place: Span

    def found(self, value: Span, statement: Span) -> Found:
        """Return what a statement binds to it."""
        places = (self.place, *(None for _ in self.path[1:]))
        return Found(self.path, value, statement, None, self.key, "words", places)


def read(text: str) -> Iterator[Block]:
    """Find sentences of these forms; OWNER and VALUE may be several words.

    ```
    OWNER's ATTRIBUTE is VALUE             the ATTRIBUTE of OWNER is VALUE
    OWNER has ATTRIBUTE VALUE              For OWNER, the ATTRIBUTE is VALUE
    the ATTRIBUTE is VALUE                 VALUE is OWNER's ATTRIBUTE
    NAME is VALUE                          NAME was changed from VALUE to VALUE
    ```

    For `is` also `was`, `are`, `were`, `equals`, `is now`, `is at`, `is on`, `was changed to`, `has been set to` and
    the like. A value is quoted, or typed (it has a digit, or is an address); a name in capitals only where the
    attribute has an owner.
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
        if verb["has"] or verb["from"]:
            found = (_having if verb["has"] else _changing)(text, words, verb.end(), end)
        else:
            found = _being(text, words, verb.end(), end, new=bool(_NEW.search(verb.group())))
        if found:
            region = found[0].statement[0], found[-1].statement[1]
            reached = region[1]
            yield Block(region, found)
    yield from _reversed(text)


def _reversed(text: str) -> Iterator[Block]:
    """Find `4417 is Alice's badge number`, `we noted 4417 as Alice's badge number`: a typed value that comes first."""
    for match in _BELONGS.finditer(text):
        words = _words_before(text, max(0, match.start() - _REACH), match.start())
        if any(word.lower() in _DOUBTS for word, _ in words):
            continue
        start = _typed_before(text, match.start())
        if start is None and match["verb"] == "as" and 0 < len(named := _capitals(words)) < len(words):
            start = named[0][1]
        if start is None:
            continue
        name = _attribute(match["owner"], match["attribute"].split(), start, match.span("owner"))
        if name is not None:
            found = name.found((name.start, match.start()), (name.start, match.end()))
            yield Block(found.statement, (found,))


def _typed_before(text: str, end: int) -> int | None:
    """Return where the longest typed value begins that ends at a place."""
    line = max(text.rfind("\n", 0, end), text.rfind("\r", 0, end)) + 1
    words = list(re.compile(r"\S+").finditer(text, max(line, end - _LONGEST_TYPED), end))[-_TYPED:]
    starts = (word.start() for word in words)
    return next((start for start in starts if classify(text[start:end]).type != "text"), None)


def _being(text: str, words: list[tuple[str, int]], start: int, end: int, *, new: bool) -> tuple[Found, ...]:
    name = _name(text, words)
    if name is None:
        return ()
    if preposition := _WHERE.match(text, start, end):
        start = preposition.end()
    value = _value(text, start, end, names=name.owned)
    if value is None and (state := _STATE.match(text, start)):
        settled = new and (name.owned or "_" in name.key)
        value = state.span() if settled or (name.owned and name.path[-1] in ("status", "state")) else None
    if value is None or (preposition and classify(text[slice(*value)]).type not in _PLACED):
        return ()
    if preposition and not name.owned and classify(text[slice(*value)]).type == "text":
        return ()
    return (name.found(value, (name.start, value[1])),)


def _changing(text: str, words: list[tuple[str, int]], start: int, end: int) -> tuple[Found, ...]:
    """Read `Alice's badge was changed from 4417 to 8213`: two values, the later one last."""
    name = _name(text, words)
    to = _TO.search(text, start, end)
    if name is None or to is None:
        return ()
    before, after = (_value(text, *part, names=name.owned) for part in ((start, to.start()), (to.end(), end)))
    if before is None or after is None or text[before[1] : to.start()].strip("\"'`\u201d "):
        return ()
    return name.found(before, (name.start, before[1])), name.found(after, (to.start("to"), after[1]))


def _having(text: str, words: list[tuple[str, int]], start: int, end: int) -> tuple[Found, ...]:
    """Read `Anna has badge number 4821`: a name, an attribute without a number, and a value that ends the clause."""
    owner = _capitals(words)
    if not owner and words[0][0].lower() == "the" and text.startswith("the ", start):
        owner = _article(words)  # "The sleeping bag has the price $5"
    if not owner:
        return ()
    cursor = start
    attribute: list[str] = []
    name: tuple[int, int] | None = None  # where one begins, behind how many words
    for match in re.finditer(r"\S{1,60}", text[start : min(end, start + _REACH)]):
        cursor = start + match.start()
        if any(map(str.isdecimal, match.group())) or _CODE.match(text, cursor) or len(attribute) > _ATTRIBUTE:
            break
        if attribute and match.group()[0].isupper():
            if (value := _value(text, cursor, end, names=False)) and classify(text[slice(*value)]).type == "date":
                break
            name = name or (cursor, len(attribute))
        attribute.append(match.group())
    else:
        if name is None or attribute[0].lower() != "the":
            return ()
        cursor, attribute = name[0], attribute[: name[1]]  # "has the stopover Vilnius": no number behind it
    if attribute and attribute[0].lower() in _DETERMINERS:
        attribute = attribute[1:]
    if not 1 <= len(attribute) <= _ATTRIBUTE or any(w.lower() in _NOT_NAMES or not _wordlike(w) for w in attribute):
        return ()
    if "of" in attribute and owner[0][0].islower():
        return ()  # "The team has the goal of winning 3 games"
    value = _value(text, cursor, end, names=name is not None)
    if value is None or not _CLAUSE_END.match(text, value[1]):
        return ()
    person, noun = " ".join(word for word, _ in owner), " ".join(attribute)
    held = _Name((person, noun), f"{person}'s {noun}", owner[0][1], True, _place(owner))
    return (held.found(value, (held.start, value[1])),)


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
    if whose := _FOR.search(text, max(0, words[0][1] - _REACH), words[0][1]):
        noun, _ = _noun(words)
        return _attribute(whose["owner"], noun, whose.start(), whose.span("owner"))
    for at in range(len(words) - 2, max(-1, len(words) - 2 - _ATTRIBUTE), -1):
        if possessive := _OWNER.match(plain[at]):
            attribute = plain[at + 1 :]
            before = _capitals(words[:at]) if plain[at][:1].isupper() else []
            owner = " ".join([*(word for word, _ in before), possessive["owner"]])
            if plain[at].startswith("#") and at and _wordlike(plain[at - 1]):
                before = words[at - 1 : at]  # "order #1001's total"
                owner = f"{plain[at - 1]} {owner}"
            elif not before:
                before = _article(words[:at])  # "the travel pillow's price"
                owner = " ".join([*(word for word, _ in before), owner])
            start = before[0][1] if before else words[at][1]
            return _attribute(owner, attribute, start, (start, words[at][1] + possessive.end("owner")))
    for at in range(len(words) - 2, 0, -1):
        if plain[at].lower() in ("of", "for"):
            person = words[at + 2 :] if plain[at + 1].lower() in _DETERMINERS else words[at + 1 :]
            noun, start = _noun(words[:at])
            if not 1 <= len(person) <= _ATTRIBUTE:
                return None
            return _attribute(" ".join(word for word, _ in person), noun, start, _place(person))
    noun, start = _noun(words)
    if not noun or len(noun) > _ATTRIBUTE or not all(_wordlike(word) for word in noun):
        return None
    key = " ".join(noun)
    if any(word.lower() in _NOT_NAMES for word in noun) or not is_key(key):
        return None
    mine = len(noun) < len(words) and plain[len(words) - len(noun) - 1].lower() in _MINE
    return _Name((key,), key, start, mine, _place(words[-len(noun) :]))


def _article(words: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return the words behind an article that is one of the last few, which a possessive goes on from."""
    for at in range(len(words) - 1, max(-1, len(words) - 1 - _ATTRIBUTE), -1):
        if words[at][0].lower() in _DETERMINERS:
            return words[at + 1 :] if all(_wordlike(word) for word, _ in words[at + 1 :]) else []
    return []


def _attribute(owner: str, attribute: list[str], start: int, place: Span) -> _Name | None:
    if not 1 <= len(attribute) <= _ATTRIBUTE or not all(_wordlike(word) for word in attribute):
        return None
    if any(word.lower() in _NOT_NAMES for word in attribute) or owner.lower() in _NOT_NAMES or not is_key(owner):
        return None
    noun = " ".join(attribute)
    return _Name((owner, noun), f"{owner}'s {noun}", start, True, place)


def _place(words: list[tuple[str, int]]) -> Span:
    """Return the place of words that follow each other."""
    word, start = words[-1]
    return words[0][1], start + len(word)


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
        numbered = reached is not None and bare[:1].isdecimal()  # "Room 214"
        if not bare or not (bare[0].isupper() or numbered) or not _wordlike(bare):
            break
        reached = stop - (len(word) - len(bare))
        if bare != word:
            break
        begin = stop
    return None if reached is None else (start, reached)


def _inside_name(text: str, dot: int) -> bool:
    """Whether a dot ends an initial or a title: "St. Mary", "J. Doe"."""
    return text[dot] == "." and is_abbreviation(text[max(0, dot - 6) : dot])
