"""JSON objects, and lists that hold some, anywhere in a text."""

from __future__ import annotations

import json
import json.scanner
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

from guardbind.extraction.prose import LONGEST_VALUE
from guardbind.extraction.rule import Block, Found, Path
from guardbind.text.layout import Span

__all__ = ["read"]

_DEEPEST = 64  # levels; what is nested deeper is not read
_WINDOW = 4096  # characters looked at first
_LITERAL = 12  # no literal and no escape is longer: an error nearer to the end may be the window's
_OPENING = re.compile(r"\{(?=\s*\")|\[(?=\s*[\[{])")
_Scan: TypeAlias = Callable[[str, int], tuple[Any, int]]

# The two functions of the json module that its own decoder calls for `{` and `[`; they are pure Python and take the
# function that reads the values, which is how the place of each value can be known.
_read_object: Callable[..., tuple[Any, int]] = vars(json.decoder)["JSONObject"]
_read_array: Callable[..., tuple[Any, int]] = vars(json.decoder)["JSONArray"]
_make_scanner: Callable[[Any], _Scan] = vars(json.scanner)["py_make_scanner"]


class _Value(NamedTuple):
    """What was read, from where to where."""

    content: Any
    start: int
    end: int


class _Member(NamedTuple):
    """A key of an object and its value."""

    key: str
    value: _Value


def read(text: str) -> Iterator[Block]:
    """Find complete JSON that has at least one key; what is malformed is left to other rules."""
    scanner = _Scanner(text)
    at = 0
    while opening := _OPENING.search(text, at):
        at = opening.end()
        value = scanner.value_at(opening.start())
        if value is None:
            continue
        if _keyed(value):
            at = value.end
            yield Block((value.start, value.end), tuple(_leaves(text, value, (), (), value.start)))


def _keyed(value: _Value) -> bool:
    """Whether there is an object with a key in it, which is no other rule's then, even if it binds nothing."""
    content = value.content
    return bool(content) if isinstance(content, tuple) else isinstance(content, list) and any(map(_keyed, content))


def _leaves(text: str, value: _Value, path: Path, places: tuple[Span | None, ...], statement: int) -> Iterator[Found]:
    """Yield the strings, numbers and truth values under a value; null, blank and very long ones bind nothing."""
    content, start, end = value
    if isinstance(content, tuple):
        behind = start + 1
        for key, member in content:
            # Beside the key there is nothing but a comma, a colon and white space.
            quote = text.index('"', behind)
            place = (quote + 1, text.rindex('"', quote, member.start))
            yield from _leaves(text, member, (*path, key), (*places, place), quote)
            behind = member.end
    elif isinstance(content, list):
        for number, item in enumerate(content):
            yield from _leaves(text, item, (*path, number), (*places, None), item.start)
    elif content is not None:
        inner: Span = (start + 1, end - 1) if text[start] == '"' else (start, end)
        written = text[slice(*inner)]
        said = content if isinstance(content, str) else written
        if said.strip() and len(written) <= LONGEST_VALUE:
            yield Found(path, inner, (statement, end), said if said != written else None, places=places)


class _Scanner:
    """The scanner of the json module, which also tells where each value stands.

    Each place is read once: what was read within something malformed is remembered, and so is what failed. The
    scanner's errors count the lines before them, so it is given windows and not the whole text.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._base = 0  # where the window begins
        self._read: dict[int, _Value] = {}
        self._failed: set[int] = set()
        self._open: list[int] = []
        decoder: Any = json.JSONDecoder(
            object_pairs_hook=_members, parse_int=str, parse_float=str, parse_constant=_refuse
        )
        decoder.parse_object = self._object
        decoder.parse_array = self._array
        self._scan = _make_scanner(decoder)

    def value_at(self, start: int) -> _Value | None:
        """Return the object or list that begins at `start`, or None if none does."""
        size = _WINDOW
        while start not in self._read and start not in self._failed:
            window = self._text[start : start + size]
            self._base = start
            self._open.clear()
            try:
                self._scan(window, 0)
            except (ValueError, StopIteration, RecursionError) as error:
                if start + size < len(self._text) and _at_end(error, len(window)):
                    size *= 4
                    continue
                self._failed.update(self._open)
        return self._read.get(start)

    def _object(self, at: tuple[str, int], strict: bool, scan: _Scan, *hooks: Any) -> tuple[Any, int]:
        return self._container(at[1] - 1, lambda: _read_object(at, strict, _placed(scan, self._base), *hooks))

    def _array(self, at: tuple[str, int], scan: _Scan) -> tuple[Any, int]:
        return self._container(at[1] - 1, lambda: _read_array(at, _placed(scan, self._base)))

    def _container(self, at: int, parse: Callable[[], tuple[Any, int]]) -> tuple[Any, int]:
        start = self._base + at
        if (known := self._read.get(start)) is not None:
            return known.content, known.end - self._base
        self._open.append(start)
        if start in self._failed or len(self._open) > _DEEPEST:
            raise StopIteration(at)
        content, end = parse()
        self._open.pop()
        self._read[start] = _Value(content, start, self._base + end)
        return content, end


def _placed(scan: _Scan, base: int) -> _Scan:
    def read_value(window: str, at: int) -> tuple[_Value, int]:
        content, end = scan(window, at)
        return _Value(content, base + at, base + end), end

    return read_value


def _members(pairs: list[tuple[str, _Value]]) -> tuple[_Member, ...]:
    """Keep a key that stands twice twice, as the text does."""
    return tuple(_Member(key, value) for key, value in pairs)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _at_end(error: BaseException, size: int) -> bool:
    """Whether the scanner failed where its window ended."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.pos >= size - _LITERAL or error.msg.startswith("Unterminated")
