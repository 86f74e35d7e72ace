"""Finds what is only made when it is asked for, makes it, and compares two objects by all that they hold."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Set
from functools import cached_property
from typing import Any

from guardbind.candidates.trie import Node

__all__ = ["differences", "lazy_parts", "make_all"]

_PLAIN = (str, bytes, int, float, complex, bool, type(None), range, type)


def lazy_parts(root: object) -> list[tuple[object, str]]:
    """Return the owner and the name of each part that an object, or one that it leads to, makes when it is asked."""
    return [(owner, name) for owner in _objects(root) for name in _lazy_names(owner)]


def make_all(root: object, *, backwards: bool = False) -> int:
    """Make every such part, and those that come to light with them; returns how many there are."""
    made: dict[int, set[str]] = {}
    while left := [(o, name) for o, name in lazy_parts(root) if name not in made.get(id(o), ())]:
        for owner, name in reversed(left) if backwards else left:
            getattr(owner, name)
            made.setdefault(id(owner), set()).add(name)
    return sum(map(len, made.values()))


def differences(one: object, other: object) -> list[str]:
    """Return the places at which two objects do not hold the same; parts that were made count as what they are."""
    found: list[str] = []
    seen: set[tuple[int, int]] = set()
    left: deque[tuple[str, Any, Any]] = deque([("", one, other)])
    while left and len(found) < 20:
        path, a, b = left.popleft()
        if a is b or (id(a), id(b)) in seen:
            continue
        seen.add((id(a), id(b)))
        if type(a) is not type(b):
            found.append(f"{path}: {type(a).__name__} and {type(b).__name__}")
        elif isinstance(a, Mapping):
            if list(a) != list(b):
                found.append(f"{path}: the keys {list(a)!r:.60} and {list(b)!r:.60}")
            else:
                left += [(f"{path}[{key!r}]", a[key], b[key]) for key in a]
        elif isinstance(a, Set):
            if a != b and sorted(map(repr, a)) != sorted(map(repr, b)):
                found.append(f"{path}: {a!r:.60} and {b!r:.60}")
        elif isinstance(a, list | tuple):
            if len(a) != len(b):
                found.append(f"{path}: {len(a)} and {len(b)} parts")
            else:
                left += [(f"{path}[{at}]", x, y) for at, (x, y) in enumerate(zip(a, b, strict=True))]
        elif isinstance(a, _PLAIN) or _is_foreign(a):
            if a != b and not callable(a):
                found.append(f"{path}: {a!r:.60} and {b!r:.60}")
        else:
            mine, theirs = _held(a), _held(b)
            if mine.keys() != theirs.keys():
                found.append(f"{path}: {sorted(mine.keys() ^ theirs.keys())}")
            left += [(f"{path}.{name}", mine[name], theirs[name]) for name in mine.keys() & theirs.keys()]
    return found


def _objects(root: object) -> Iterator[Any]:
    seen: dict[int, object] = {}
    left = [root]
    while left:
        at = left.pop()
        if isinstance(at, _PLAIN) or id(at) in seen:
            continue
        seen[id(at)] = at
        if isinstance(at, Mapping):
            left += [*at.keys(), *at.values()]
        elif isinstance(at, list | tuple | Set):
            left += list(at)
        elif not _is_foreign(at):
            yield at
            left += list(_held(at).values())


def _lazy_names(owner: object) -> list[str]:
    if isinstance(owner, Node):
        return ["children"]
    return [n for kind in type(owner).__mro__ for n, part in vars(kind).items() if isinstance(part, cached_property)]


def _is_foreign(value: object) -> bool:
    return not type(value).__module__.startswith("guardbind")


def _held(value: Any) -> dict[str, Any]:
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    held = {name: getattr(value, name) for name in slots if hasattr(value, name)} | getattr(value, "__dict__", {})
    # What a node has not laid out yet is no part of what it is.
    return {name: part for name, part in held.items() if not (isinstance(value, Node) and name == "_below")}
