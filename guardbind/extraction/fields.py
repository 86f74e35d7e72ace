"""Reads the fields of a line: one or several keys, each with a sign and a value behind it, and nothing else."""

from __future__ import annotations

import re
from typing import NamedTuple

from guardbind.extraction.prose import is_key, is_value, trim
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span
from guardbind.text.values import classify

__all__ = ["Field", "bare_value", "fields_of"]

_MOST = 40  # fields of a line
_LONGEST = 400  # characters behind a sign that can be a value with what closes it
_KEY_WORDS = 6
_SIGN = re.compile(
    r"[*_\"'`\u201d\u00bb]{0,3}[ \t\u00a0\u202f]{0,8}"
    r"(?:(?<![=!<>+*/%&|^~:-])[=\uff1d](?![=>~])|\uff1a|:(?=[\s*_\"'`]|\Z))[*_]{0,3}"
)
_SEPARATOR = re.compile(r"[ \t]{0,8}[,;|\u060c\u3001\uff0c\uff1b][ \t]{0,8}|[ \t]{2,}|\t")
_QUOTED = re.compile(r"[ \t]{0,8}(?P<quote>[\"`])(?P<inner>(?:(?!(?P=quote))[^\r\n]){1,200})(?P=quote)")
_COMMENT = re.compile(r"(?:[ \t]{2,}|[ \t])(?:#(?![\w#])|//(?=[ \t]))|[ \t]{2,}#|[ \t]<!--")
_CALL = re.compile(r"\w\([^()]{0,200}=")
_PAIRS = {")": "(", "]": "[", "}": "{", "\uff09": "\uff08"}
_MARKS = "*_`"
_SEPARATORS = " \t\u00a0,;|\u060c\u3001\uff0c\uff1b"


class Field(NamedTuple):
    """A key with its value, and where they stand.

    Attributes:
        name: The key, without marks.
        key: Where it stands.
        value: Where the value stands, without marks.
        assigned: Whether a `=` stands between the two.
    """

    name: str
    key: Span
    value: Span
    assigned: bool

    @property
    def span(self) -> Span:
        """Where the field stands."""
        return self.key[0], self.value[1]


def fields_of(
    text: str, start: int, end: int, layout: Layout, language: Language, *, stamped: bool = False
) -> tuple[Field, ...]:
    """Return the fields of which a line consists; none if it has anything else.

    Args:
        text: The text.
        start: Where the fields begin.
        end: Where the line ends.
        layout: The boundaries of the text.
        language: What it is written in.
        stamped: Whether the line is one of a log, in which words may stand before the first field.
    """
    bounds = _bounds(text, start, end, stamped)
    found: list[Field] = []
    for number, (key, sign) in enumerate(bounds):
        limit = bounds[number + 1][0][0] if number + 1 < len(bounds) else end
        assigned = any(mark in text[slice(*sign)] for mark in "=\uff1d")
        field = _field(text, key, sign, limit, assigned, layout, language)
        if field is None:
            return ()
        found.append(field)
    return tuple(found)


def _bounds(text: str, start: int, end: int, stamped: bool) -> list[tuple[Span, Span]]:
    """Return where each key and each sign stand; none if a sign has no key of its own."""
    bounds: list[tuple[Span, Span]] = []
    at = start
    while (sign := _SIGN.search(text, at, end)) is not None:
        begins = at
        tight = "=" in sign.group() and not text[sign.start() : sign.start() + 1].isspace()
        separators = list(_SEPARATOR.finditer(text, begins, sign.start()))
        if tight and (space := text.rfind(" ", begins, sign.start())) >= 0 and (bounds or stamped):
            begins = max(space + 1, separators[-1].end() if separators else 0)
        elif bounds and not separators:
            return []
        elif separators:
            # What stands before the first key is no field.
            begins = separators[-1].end() if bounds else begins
        bounds.append(((begins, sign.start()), sign.span()))
        if len(bounds) > _MOST:
            return []
        quoted = _QUOTED.match(text, sign.end(), end)
        at = quoted.end() if quoted else sign.end()
    return bounds


def _field(
    text: str, key: Span, sign: Span, limit: int, assigned: bool, layout: Layout, language: Language
) -> Field | None:
    start, end = key
    while start < end and text[start] in "*_`\"'\u201c\u00ab \t":
        start += 1
    while end > start and text[end - 1] in "*_`\"' \t\u00a0\u202f":
        end -= 1
    name = text[start:end]
    if not name or len(name.split()) > _KEY_WORDS or not name[0].isalnum() or not is_key(name, language):
        return None
    if any(char in name for char in '<>{}|;?!"') or name.count("(") != name.count(")") or ". " in name:
        return None
    value = bare_value(text, (sign[1], limit), commented=assigned)
    if value is None:
        return None
    said = text[slice(*value)]
    if layout.sentence_end(value[0], value[1]) is not None or not is_value(said, language) or _CALL.search(said):
        return None
    asked = not assigned and name.lower() in language.statements.questions
    return None if asked and classify(said).type == "text" else Field(name, (start, end), value, assigned)


def bare_value(text: str, span: Span, *, commented: bool) -> Span | None:
    """Return where a value stands without separators, marks, a comment behind it, and brackets opened outside.

    Args:
        text: The text.
        span: What stands behind the sign, up to the next field or the end of the line.
        commented: Whether a `#` behind one space begins a comment; behind two it always does.
    """
    start, end = span
    if quoted := _QUOTED.match(text, start, end):
        return quoted.span("inner") if quoted["inner"].strip() else None
    for comment in _COMMENT.finditer(text, start, end):
        if not text[start : comment.start()].strip():
            continue
        if commented or text[comment.start() : comment.start() + 2].isspace() or "<!--" in comment.group():
            end = comment.start()
            break
    while start < end <= start + _LONGEST and _closes(text, start, end):
        end -= 1
    return trim(text, (start, end))


def _closes(text: str, start: int, end: int) -> bool:
    """Whether the last character of a stretch belongs to what stands around its value."""
    last = text[end - 1]
    if last in _PAIRS:
        return text.count(last, start, end) > text.count(_PAIRS[last], start, end)
    return last in _SEPARATORS or (last in _MARKS and not text[start:end].lstrip(" \t").startswith(last))
