"""Reads JSON objects, and lists that hold some, anywhere in a text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from guardbind.extraction.escapes import writable
from guardbind.extraction.prose import LONGEST_VALUE
from guardbind.extraction.rule import Block, Found, Path, PlainRule
from guardbind.text.layout import Span

__all__ = ["read"]

_DEEPEST = 64  # levels; what is nested deeper is not read
_OPENING = re.compile(r"\{(?=\s*\")|\[(?=\s*[\[{])")
# The tokens of RFC 8259. No library gives the places of values in JSON within prose: the json module tells none, and
# YAML is another language (it refuses a smiley that is escaped as two \u, and takes {a: 'b'}).
_BLANKS = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"')
_LITERAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null")


class _JsonNode(NamedTuple):
    """What stands from `start` to `end`: a scalar, or the members of an object or a list."""

    start: int
    end: int
    said: str | None = None  # a scalar without quotes and escapes; None for null
    members: tuple[_JsonMember, ...] = ()


class _JsonMember(NamedTuple):
    """A value with its key in an object, or its number in a list; `place`: of the key, without quotes."""

    key: str | int
    place: Span | None
    value: _JsonNode


def _json(text: str) -> Iterator[Block]:
    """Find complete JSON that has at least one key; what is malformed is left to other rules."""
    reader = _JsonReader(text)
    at = 0
    while opening := _OPENING.search(text, at):
        at = opening.end()
        node = reader.node_at(opening.start())
        if node is not None and _keyed(node):
            at = node.end
            yield Block((node.start, node.end), tuple(_leaves(text, node, (), (), node.start)))


def _keyed(node: _JsonNode) -> bool:
    """Whether there is an object with a key in it, which is no other rule's then, even if it binds nothing."""
    return any(isinstance(member.key, str) or _keyed(member.value) for member in node.members)


def _leaves(text: str, node: _JsonNode, path: Path, places: tuple[Span | None, ...], statement: int) -> Iterator[Found]:
    """Yield the strings, numbers and truth values under a node; null, blank and very long ones bind nothing."""
    for key, place, value in node.members:
        begins = value.start if place is None else place[0] - 1
        yield from _leaves(text, value, (*path, key), (*places, place), begins)
    if node.said is not None:
        inner = _inside(node.start, node.end) if text[node.start] == '"' else (node.start, node.end)
        written = text[slice(*inner)]
        if node.said.strip() and len(written) <= LONGEST_VALUE:
            decoded = node.said if node.said != written else None
            yield Found(path, inner, (statement, node.end), decoded, places=places)


def _inside(start: int, end: int) -> Span:
    return start + 1, end - 1


class _Malformed(Exception):
    """What begins as JSON does not go on as such."""


class _JsonReader:
    """Reads the objects and lists of a text.

    Each is read once, so that the time is linear: what was read within something malformed is remembered, and so is
    what failed.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[int, _JsonNode | None] = {}  # by where they begin; None: malformed
        self._open: list[int] = []

    def node_at(self, start: int) -> _JsonNode | None:
        """Return the object or list that begins at `start`, or None if none does."""
        try:
            return self._container(start)
        except _Malformed:
            self._known.update(dict.fromkeys(self._open))
            self._open.clear()
            return None

    def _container(self, start: int) -> _JsonNode:
        known = self._known.get(start)
        if known is not None:
            return known
        self._open.append(start)
        if start in self._known or len(self._open) > _DEEPEST:
            raise _Malformed
        members, end = self._members(start)
        self._open.pop()
        self._known[start] = node = _JsonNode(start, end, None, tuple(members))
        return node

    def _members(self, start: int) -> tuple[list[_JsonMember], int]:
        """Return the members of the object or list that begins at `start`, and where it ends."""
        text, keyed = self._text, self._text[start] == "{"
        closing = "}" if keyed else "]"
        members: list[_JsonMember] = []
        at = self._behind_blanks(start + 1)
        if text.startswith(closing, at):
            return members, at + 1
        while True:
            key: str | int = len(members)
            place = None
            if keyed:
                key, end = self._string(at)
                place, at = _inside(at, end), self._behind_blanks(self._behind(":", self._behind_blanks(end)))
            value = self._value(at)
            members.append(_JsonMember(key, place, value))
            at = self._behind_blanks(value.end)
            if text.startswith(closing, at):
                return members, at + 1
            at = self._behind_blanks(self._behind(",", at))
            if text.startswith(closing, at):
                return members, at + 1  # a comma behind the last member, as programs write it and RFC 8259 does not

    def _value(self, at: int) -> _JsonNode:
        if self._text.startswith(("{", "["), at):
            return self._container(at)
        if self._text.startswith('"', at):
            said, end = self._string(at)
            return _JsonNode(at, end, said)
        literal = _LITERAL.match(self._text, at)
        if literal is None:
            raise _Malformed
        return _JsonNode(at, literal.end(), None if literal[0] == "null" else literal[0])

    def _string(self, at: int) -> tuple[str, int]:
        """Return a string without its escapes, and where it ends."""
        string = _STRING.match(self._text, at)
        if string is None:
            raise _Malformed
        written = string[0]
        inner = written[1:-1]
        return writable(json.loads(written), inner) if "\\" in written else inner, string.end()

    def _behind(self, sign: str, at: int) -> int:
        if not self._text.startswith(sign, at):
            raise _Malformed
        return at + 1

    def _behind_blanks(self, at: int) -> int:
        blanks = _BLANKS.match(self._text, at)
        return blanks.end() if blanks else at


read = PlainRule(_json, order=20, default=True)
"""The rule `json`."""
