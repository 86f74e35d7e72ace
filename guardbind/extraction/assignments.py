"""Reads `key = value` and `key: value`, one or several on a line, also behind the time and the level of a log."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from guardbind.extraction.fields import bare_value
from guardbind.extraction.item_lines import lists_pairs
from guardbind.extraction.prose import is_key, is_value
from guardbind.extraction.rule import Block, Found, Path, SparingRule, inside, overlaps
from guardbind.extraction.spoken_values import cut_short
from guardbind.extraction.stance import counts
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span
from guardbind.text.values import classify

__all__ = ["read"]

# A key is at most five words. It begins a line, or stands behind a separator or two spaces; before a `=` without spaces
# (`level=info order=4417`) any space will do. No quantifier is unbounded, so that no line costs a square of itself.
_WORD = r"[^\s=:\uff1a\uff1d,;|{}<>\[\]\"`*!?\u060c\u3001\uff0c\uff1b]{1,60}"
_OPEN = r"[\"'`*_\u201c\u00ab]{0,3}"
_KEY = rf"(?P<key>{_WORD}(?:[ \t\u00a0]{_WORD}){{0,4}}?)"
_SIGN = r"(?:(?<![=!<>+*/%&|^~:-])[=\uff1d](?![=>~])|\uff1a|:(?=[\s*_]|\Z))"
_MARK = rf"[\"'`*_\u201d\u00bb]{{0,3}}[ \t\u00a0\u202f]{{0,8}}{_SIGN}[*_]{{0,3}}"
_BULLET = r"[ \t]{0,40}(?:>[ \t]?){0,3}(?:(?:[-*+\u2022\u2013]|#{1,6}|\d{1,3}[.)])[ \t]{1,8})?"
# What a log writes before its message: a time, a level, a name in brackets.
_LOGGED = (
    r"(?:(?:\[[^\]\r\n=]{1,40}\]|\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?[^\s=]{0,12}|\d{1,2}:\d\d(?::\d\d)?"
    r"|TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR):?[ \t]{1,8}){0,3}"
)
_START = (
    rf"(?:(?:\A|(?<=[\r\n\u2028\u2029])){_BULLET}(?P<log>{_LOGGED})|(?<=[,;|(\u060c\u3001\uff0c\uff1b])[ \t]{{0,8}}"
    r"|(?<=[.!][ \t])|(?<=[ ]{2})|(?<=\t))"
)
_STATED = re.compile(rf"{_START}{_OPEN}{_KEY}{_MARK}")
_WORD_STATED = re.compile(r"(?<=[ \t])(?P<key>[^\W\d][\w.$-]{0,60})=(?![=>~\s])")
# "Observation: order_status = shipped"
_LABELLED = re.compile(
    rf"(?<=:[ \t])(?P<key>{_WORD}(?:[ \t]{_WORD}){{0,2}}?)[ \t]{{0,8}}(?<![!<>+*/%&|^~:-])=(?![=>~])(?=[ \t]*\S)"
)
# "timeout: int = 30", as Python declares it
_DECLARED = re.compile(
    r"(?<![^\s(,])(?P<key>[^\W\d]\w{0,60}):[ \t]{0,4}(?:int|float|str|bool|bytes)(?:[ \t]?\|[ \t]?None)?"
    r"[ \t]{0,4}=(?![=>~])"
)
_BRACKETED = 200  # characters before a key in which a bracket around it may be opened
_COMPUTES = re.compile(r"[\w.)\]][ \t]+[-+*/%][ \t]+[\w.(\[]")
_LINE_END = re.compile(r"[\r\n\u2028\u2029]")
# Where a value ends before its sentence does.
_FIELD_END = re.compile(r"[;|\uff1b]")
# "Version: 1.2.3, upgraded last week": what goes on behind a comma in lower case is no part of a version.
_AFTERTHOUGHT = re.compile(r",[ \t]+(?=[a-z])")
# "platform 2. 08:14 to Leeds": a layout does not know whether a sentence ends there, but a value does.
_NUMBER_END = re.compile(r"(?<=\d)\.[ \t]{1,4}(?=\S)")
# "Berth: 2 \u2014 Ship: Grete": a line of several pairs that no rule has read is not one of them.
_FURTHER_PAIR = re.compile(r"[ \t][-\u2013\u2014|][ \t]+[^\W\d_][\w \t]{0,30}[:\uff1a](?=\s)")
_QUOTED = re.compile(r"[ \t]{0,8}(?:\"(?P<double>[^\"\r\n]{1,200})\"|`(?P<code>[^`\r\n]{1,200})`)")


def _assignment(text: str, language: Language, taken: Sequence[Span]) -> Iterator[Block]:
    """Find keys that a `=` or a `:` binds to a value on the same line.

    A key that is somewhere assigned something computed (`x = x + y`) is not bound at all: its value stands nowhere.
    What would only be dropped, as in a table of thousands of rows that another rule has read, is not looked at closely.
    """
    said_of, layout = language.statements, Layout(text, language=language)
    setting = _setting(language)
    blocks: list[tuple[str, Block]] = []
    computed: set[str] = set()
    for sign, following in pairwise([*_signs(text), _Sign(len(text), len(text), (0, 0))]):
        line_end = _LINE_END.search(text, sign.end, following.start)
        limit = line_end.start() if line_end else following.start
        start, stop = sign.key
        assigned = "=" in text[stop : sign.end]
        if inside((start, limit), taken) and not (assigned and _COMPUTES.search(text, sign.end, limit)):
            continue
        if _in_bracket(text, start, stop):
            continue
        while text[start] == "(" and ")" not in text[start:stop]:
            start += 1
        value = _value(text, sign.end, limit, layout, language, commented=assigned)
        if value is None:
            continue
        if assigned and (verb := setting.match(text, start, stop)):
            start = verb.end()
        name, said = text[start:stop], text[slice(*value)]
        asked = not assigned and name.lower() in said_of.questions and classify(said).type == "text"
        if assigned and classify(said).type == "text" and _COMPUTES.search(said):
            computed.add(name)
        elif not assigned and (language.changes.sorry.fullmatch(name) or language.questions.corrected.fullmatch(name)):
            continue  # "Oops, typo: Room 18"
        elif not assigned and (
            lists_pairs(text[sign.end : limit])
            or _is_sentence(said, language)
            or _FURTHER_PAIR.search(text, sign.end, limit)
        ):
            continue
        elif is_key(name, language) and is_value(said, language) and not asked:
            statement = (start, _closing(text, value[1], limit))
            if overlaps(statement, taken) or not counts(text, (start, value[1]), value, layout, language):
                continue
            path, places = _parts(name, start, language)
            blocks.append((name, Block(statement, (Found(path, value, statement, None, name, "words", places),))))
    yield from (block for name, block in blocks if name not in computed)


def _parts(name: str, start: int, language: Language) -> tuple[Path, tuple[Span | None, ...]]:
    """Return an attribute, with its owner before it where the key says whose it is, and where the first stands."""
    owned = language.statements.owned.fullmatch(name)
    if owned is None or (owned["noun"] and _is_title(owned["noun"], language)):
        first, _, rest = name.partition(" ")
        if rest and (classify(first).type == "id" or (first.isdecimal() and len(first) > 2)):
            return (first, rest), ((start, start + len(first)), None)
        return (name,), ((start, start + len(name)),)
    owner, attribute = ("owner", "attribute") if owned["owner"] else ("of", "noun")
    place = (start + owned.start(owner), start + owned.end(owner))
    return (owned[owner], owned[attribute]), (place, None)


def _is_title(noun: str, language: Language) -> bool:
    """Whether what seems to be a noun begins a title: `A Map of Crows`."""
    return not language.marks.nouns_are_capital and any(word[0].isupper() for word in noun.split()[1:])


class _Sign(NamedTuple):
    """A key and the sign behind it: where they begin and end, and where the key alone stands."""

    start: int
    end: int
    key: Span


def _matches(text: str) -> Iterator[re.Match[str]]:
    words = list(_WORD_STATED.finditer(text))
    ends = {match.end() for match in words}
    yield from words
    yield from _LABELLED.finditer(text)
    # Of what a log says before `level=info` nothing belongs to the key.
    yield from (match for match in _STATED.finditer(text) if not (match["log"] and match.end() in ends))


def _signs(text: str) -> list[_Sign]:
    """Return the keys with a sign behind them, in textual order."""
    found = {match.end(): match for match in _matches(text)}
    for declared in _DECLARED.finditer(text):
        found.pop(text.index(":", declared.start()) + 1, None)
        found[declared.end()] = declared
    signs: list[_Sign] = []
    for end, match in sorted(found.items()):
        if not signs or match.start() >= signs[-1].end:
            signs.append(_Sign(match.start(), end, _bare(text, match.span("key"))))
    return signs


def _bare(text: str, key: Span) -> Span:
    start, end = key
    closing = "'*`\u201d\u00bb)"
    if text[:start].endswith("_"):
        closing += "_"  # without one in front it is part of the name: `class_ = 4`
    while end - start > 1 and text[end - 1] in closing and "(" not in text[start:end]:
        end -= 1
    return start, end


def _value(text: str, start: int, limit: int, layout: Layout, language: Language, *, commented: bool) -> Span | None:
    if quoted := _QUOTED.match(text, start, limit):
        span = quoted.span(quoted.lastgroup or 0)
        return span if text[slice(*span)].strip() else None
    end = layout.sentence_end(start, limit) or limit
    if field := _FIELD_END.search(text, start, end):
        end = field.start()
    if (comma := _AFTERTHOUGHT.search(text, start, end)) and classify(text[start : comma.start()]).type not in (
        "number",
        "text",
    ):
        end = comma.start()
    if classify(text[start:end]).type == "text":
        dots = (dot.start() for dot in _NUMBER_END.finditer(text, start, end))
        end = next((dot for dot in dots if not layout.is_mere(dot)), end)
        if cut_short(text, start, end - 1 if text[end - 1] == "." else end, language):
            return None
    while end > start and text[end - 1] in " \t,;|(\u060c\u3001\uff0c":
        end -= 1
    return bare_value(text, (start, end), commented=commented)


def _in_bracket(text: str, start: int, stop: int) -> bool:
    """Whether a key stands in a bracket behind something: `the lamp, which is new (Item ID: 5)` says whose it is."""
    low = max(0, start - _BRACKETED)
    opened = text.rfind("(", low, stop)
    if opened < 0 or opened < text.rfind(")", low, stop) or _LINE_END.search(text, opened, stop):
        return False
    return any(char.isalnum() for char in text[max(0, opened - 2) : opened])


def _is_sentence(value: str, language: Language) -> bool:
    """Whether what stands behind a colon is a statement of its own: `Our records say: The fee of Alder is 12`."""
    verb = _verb(language).search(value)
    return verb is not None and value[: verb.start()].count(" ") > 0


@cache
def _verb(language: Language) -> re.Pattern[str]:
    return re.compile(rf"(?<=\w)[ \t]{{1,4}}(?:{language.statements.equal})[ \t]{{1,4}}(?=\S)")


@cache
def _setting(language: Language) -> re.Pattern[str]:
    return re.compile(rf"(?:{language.statements.assign})[ \t]{{1,4}}(?=\S)")


def _closing(text: str, end: int, limit: int) -> int:
    """Return the end of a statement: behind what was opened around its value."""
    closed = end
    while end < limit and text[end] in " \t\"'`*_])>\u201d\u00bb":
        end += 1
        if not text[end - 1].isspace():
            closed = end
    return closed


read = SparingRule(_assignment, order=70, default=True)
"""The rule `assignment`."""
