"""Parts names that begin with what they belong to: `CACHE_US41_PORT` beside `DB_EU7_PORT`, `barn.oak.rent`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from guardbind.extraction.rule import Found
from guardbind.text.layout import Span

__all__ = ["part_prefixes", "prefixes_of"]

_CONSTANT = re.compile(r"[^\W\d_a-z][^\W_a-z]*(?:_[^\W_a-z]+)+")
_DOTTED = re.compile(r"[^\W\d][\w-]*(?:\.[^\W\d][\w-]*)+")
_MOST_PARTS = 8
_SHARED = 2  # prefixes that have the same fields, and fields that a prefix has


def prefixes_of(names: Iterable[str]) -> Mapping[str, str]:
    """Return the prefix of each name that has one: at least two prefixes have at least two fields in common.

    >>> prefixes_of(["DB_EU_PORT", "DB_EU_HOST", "WEB_US_PORT", "WEB_US_HOST", "LOG_LEVEL"])["WEB_US_HOST"]
    'WEB_US'
    >>> prefixes_of(["barn.oak.rent", "barn.oak.size", "barn.ash.rent", "barn.ash.size"])["barn.ash.rent"]
    'barn.ash'
    """
    fields: defaultdict[str, set[str]] = defaultdict(set)
    having: defaultdict[str, set[str]] = defaultdict(set)
    constants = [
        name
        for name in dict.fromkeys(names)
        if (_CONSTANT.fullmatch(name) or _DOTTED.fullmatch(name)) and name.count(_sign(name)) < _MOST_PARTS
    ]
    for name in constants:
        for prefix, field in _cuts(name):
            fields[prefix].add(field)
            having[field].add(prefix)
    found: dict[str, str] = {}
    for name in constants:
        for prefix, field in _cuts(name):  # the longest prefix first
            shared = [other for other in fields[prefix] if len(having[other]) >= _SHARED]
            if field in shared and len(shared) >= _SHARED:
                found[name] = prefix
                break
    return found


def part_prefixes(text: str, found: Sequence[Found]) -> list[Found]:
    """Return statements of a text, the names of constants parted into what has the value, and what is asked of it.

    Their keys stay as they are written.
    """
    named = {item.path[0]: item for item in found if len(item.path) == 1 and isinstance(item.path[0], str)}
    prefixes = prefixes_of(name for name in named if isinstance(name, str))
    return [_parted(text, item, prefixes) for item in found] if prefixes else list(found)


def _sign(name: str) -> str:
    """Return what parts a name."""
    return "." if "." in name else "_"


def _cuts(name: str) -> list[tuple[str, str]]:
    sign = _sign(name)
    parts = name.split(sign)
    return [(sign.join(parts[:at]), sign.join(parts[at:])) for at in range(len(parts) - 1, 0, -1)]


def _parted(text: str, item: Found, prefixes: Mapping[str, str]) -> Found:
    name = item.path[0]
    prefix = prefixes.get(name) if len(item.path) == 1 and isinstance(name, str) else None
    if prefix is None:
        return item
    assert isinstance(name, str)
    start = text.find(name, item.statement[0], item.value[0])
    steps = prefix.split(".") if "." in name else [prefix]
    places: list[Span | None] = []
    for step in steps:
        places.append((start, start + len(step)) if start >= 0 else None)
        start += len(step) + 1 if start >= 0 else 0
    path = (*steps, name[len(prefix) + 1 :])
    return replace(item, path=path, key=item.key or name, form="words", places=(*places, None))
