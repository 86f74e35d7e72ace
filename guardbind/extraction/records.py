"""Tells which statements belong together, and by which names what they belong to goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from guardbind.evidence import Record
from guardbind.extraction.owners import Address, Stated, is_name, numbers_of, spellings_of
from guardbind.extraction.rule import Path
from guardbind.text.layout import folded

__all__ = ["records"]

_MOST_NAMES = 32  # of a record by its values; what holds more is told by its place
_TITLE_WORDS = 6  # of a first cell or field that names a record, whatever its case
_VALUE_WORDS = 2  # of another one
_LETTERS = 3

_BOOLEANS = frozenset({"true", "false", "null", "none"})

_ContainerKey: TypeAlias = Hashable


class _Container(NamedTuple):
    """What a statement stands in: what tells it from others, and its path, in which integers are places in a list."""

    at: _ContainerKey
    path: Path


def records(stated: Sequence[Stated], found: Sequence[Address]) -> list[Record]:
    """Return the record of each statement, without its spans, in the order given.

    What stands in one mapping, row or section belongs together, and what is said in words of one owner, wherever it
    stands. A key in words that nobody owns is a record of its own. A record goes by the part of the path that leads to
    it, by its first field, by its other values that can name something, by a word or two in any other field, and by the
    names of what it stands in.

    Args:
        stated: The statements.
        found: Whose value each of them is.
    """
    containers = [_container(item) for item in stated]
    names: defaultdict[_ContainerKey, dict[str, None]] = defaultdict(dict)
    ids: dict[_ContainerKey, str] = {}
    for item, address, container in zip(stated, found, containers, strict=True):
        first = container.at not in ids
        ids.setdefault(container.at, f"record-{len(ids) + 1}")
        own = names[container.at]
        if item.form != "words":
            most = _TITLE_WORDS if first else _VALUE_WORDS
            if len(own) < _MOST_NAMES and not _member(item) and (is_name(item.typed, item.said) or _titles(item, most)):
                own[item.said] = None
            own.update(dict.fromkeys(address.names[:_MOST_NAMES]))
    made: dict[_ContainerKey, Record] = {}
    for item, container in zip(stated, containers, strict=True):
        if container.at not in made:
            around = list(_around(item, container))
            every = [*_written(container.path, item), *names[container.at]]
            for outer in around:
                every += names.get(outer.at, ())
            outer_id = next((ids[outer.at] for outer in around if outer.at in ids), None)
            made[container.at] = Record(ids[container.at], tuple(dict.fromkeys(every)), outer_id)
    return [made[container.at] for container in containers]


def _container(item: Stated) -> _Container:
    path = item.path
    named = [place for place, part in enumerate(path) if isinstance(part, str) and part.strip()]
    depth = named[-1] if named else max(0, len(path) - 1)
    inside = path[:depth]
    if item.form == "words":
        if not inside:
            return _Container(("key", path), ())
        return _Container(("words", *(folded(str(part)) for part in inside)), inside)
    if item.form == "row":
        return _Container((item.document, path[:1]), path[:1] if len(path) > 1 else ())
    return _Container((item.document, inside), inside)


def _around(item: Stated, container: _Container) -> Iterator[_Container]:
    """Yield what a container stands in, the nearest first."""
    if item.form == "data":
        for depth in range(len(container.path) - 1, -1, -1):
            yield _Container((item.document, container.path[:depth]), container.path[:depth])


def _member(item: Stated) -> bool:
    """Whether a value is one of a list that a field holds: what a package depends on is another package."""
    return item.form == "data" and len(item.path) > 1 and isinstance(item.path[-1], int) and item.path[-2] != ""


def _titles(item: Stated, most: int) -> bool:
    """Whether a value names its record in any case: "oak bench" as "Ann"; what is so or not so names nothing."""
    if item.typed.type != "text":
        return False
    words, said = item.said.split(), item.said
    lettered = sum(map(str.isalpha, said)) >= _LETTERS and said.casefold() not in _BOOLEANS
    return 1 <= len(words) <= most and lettered


def _written(path: Path, item: Stated) -> list[str]:
    """Return the parts of a path that are names, the nearest first; what a whole list is called names none of it."""
    lists = {place for place, part in enumerate(path[1:]) if isinstance(part, int)}
    parts = [part for place, part in enumerate(path) if isinstance(part, str) and part.strip() and place not in lists]
    parts.reverse()
    numbers: Sequence[str] = numbers_of(parts[0]) if parts and item.form == "words" else ()
    return [*parts, *numbers, *(said for part in parts for said in spellings_of(part))]
