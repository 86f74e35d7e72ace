"""Tells which names a statement has only from things around it or in it: the calf of a cow is no cow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from functools import cached_property
from typing import TypeAlias

from guardbind.evidence import Nesting, Record
from guardbind.extraction.owners import Address, Stated, is_name, numbers_of, spellings_of
from guardbind.extraction.rule import Path
from guardbind.text.language import Language
from guardbind.text.words import words

__all__ = ["nestings"]

_DEEPEST = 16  # levels of a path that are looked at
_MOST = 64  # values of a mapping that are looked at

_Mapping: TypeAlias = tuple[int, Path]  # the document, and what leads to it


def nestings(
    stated: Sequence[Stated], found: Sequence[Address], belonging: Sequence[Record], language: Language
) -> list[Nesting | None]:
    """Return what is known of things within things, for each statement; None where there are none.

    A mapping is a thing of its own if it has a name (`calf: {name: Pip}`, or a row below the name of a group), and for
    what it has in common with a thing around it or with one beside that: where cows have a stall, the stall in a calf
    is no cow's. Else it is a part of what it stands in: the phone in a contact is that of the person.

    Args:
        stated: The statements.
        found: Whose value each of them is.
        belonging: The record of each of them.
        language: What the keys are written in.
    """
    reader = _Nested(stated, language)
    return [
        reader.of(item, address, record) if item.form == "data" and reader.nests(item.document) else None
        for item, address, record in zip(stated, found, belonging, strict=True)
    ]


class _Nested:
    """Knows the mappings of all documents."""

    def __init__(self, stated: Sequence[Stated], language: Language) -> None:
        self._language = language
        self._naming = language.stems(language.vocabulary.naming)
        self._said: dict[_Mapping, list[Stated]] = {}
        self._direct: defaultdict[Hashable, set[str]] = defaultdict(set)
        self._deep: set[int] = set()
        for item in stated:
            if item.form == "data":
                inside = _inside(item.path)
                self._said.setdefault((item.document, inside), []).append(item)
                self._direct[_kin(inside)].add(_attribute(item.path))
                if any(isinstance(part, str) for part in inside):
                    self._deep.add(item.document)
        self._depths: dict[_Mapping, int] = {}
        self._own: dict[tuple[_Mapping, int], frozenset[str]] = {}

    def nests(self, document: int) -> bool:
        """Whether mappings stand in others in a document."""
        return document in self._deep

    def of(self, item: Stated, address: Address, record: Record) -> Nesting | None:
        """Return the names that are lent to a statement, and what the thing that it is of is called."""
        inside = _inside(item.path)
        if len(inside) > _DEEPEST:
            return None
        at = (item.document, inside)
        depth = max(self._depth_named(at), self._depth_shared(inside, _attribute(item.path)))
        first = max(depth - 1, 0)
        led = [part for part in inside[first:] if isinstance(part, str)]
        known = {*led, *(name for part in led for name in (*spellings_of(part), *numbers_of(part)))}
        own = self._names(at, depth)
        names = [*record.names, *address.names]
        if address.owner is not None:
            names.append(str(item.path[address.owner]))
        lent = tuple(dict.fromkeys(name for name in names if name not in own and name not in known))
        if not lent:
            return None
        while first > 0 and not isinstance(inside[first], str):
            first -= 1  # "items" leads to each of them
        kinds = [part for part in inside[first:] if isinstance(part, str)]
        mappings = [(item.document, inside[:part]) for part in range(depth, len(inside) + 1)]
        titles = [title for mapping in mappings for title in self._titles(mapping)]
        return Nesting(lent, tuple(dict.fromkeys([*kinds, *titles])))

    def _depth_named(self, at: _Mapping) -> int:
        """Return how many parts lead to the nearest mapping around a value that has a name of its own."""
        if at not in self._depths:
            document, inside = at
            has = not inside or any(self._names_it(item, at) for item in self._said.get(at, ())[:_MOST])
            self._depths[at] = len(inside) if has else self._depth_named((document, inside[:-1]))
        return self._depths[at]

    def _names_it(self, item: Stated, at: _Mapping) -> bool:
        """Whether a value names the mapping that it stands in, by its key or as it names one around."""
        document, inside = at
        key = _attribute(item.path)
        if item.said == inside[-1]:
            return True  # the name of a row
        if not is_name(item.typed, item.said):
            return False
        said = words(key, self._language)
        if len(said) == 1 and said[0].stem in self._naming:
            return item.typed.type == "text"
        if all(word.stem in self._language.generic for word in said):
            return False
        firsts = (self._said.get((document, inside[:depth])) for depth in range(len(inside)))
        return any(first is not None and _attribute(first[0].path) == key for first in firsts)

    def _depth_shared(self, inside: Path, attribute: str) -> int:
        """Return how many parts lead out of the nearest things around a value that have the attribute themselves."""
        for depth in range(len(inside) - 1, -1, -1):
            if attribute in self._direct.get(_kin(inside[:depth]), ()):
                return depth + 1
        return 0

    def _names(self, at: _Mapping, depth: int) -> frozenset[str]:
        """Return the values that name what a mapping is of: not those of a thing in it, or around it."""
        if (at, depth) not in self._own:
            document, inside = at
            element = max((place + 1 for place, part in enumerate(inside) if isinstance(part, int)), default=0)
            found: set[str] = set()
            for path in self._inner.get((document, inside[: max(depth, element)]), ()):
                if self._depth_named((document, path)) <= max(depth, element):
                    found.update(item.said for item in self._said[document, path][:_MOST])
            for around in range(depth, element):
                found.update(item.said for item in self._said.get((document, inside[:around]), ())[:_MOST])
            self._own[at, depth] = frozenset(found)
        return self._own[at, depth]

    def _titles(self, at: _Mapping) -> Iterator[str]:
        """Yield the keys by which a thing is named: the first, and what ends as a name or a number does."""
        for place, item in enumerate(self._said.get(at, ())[:_MOST]):
            said = words(_attribute(item.path), self._language)
            if place == 0 or (len(said) > 1 and said[-1].stem in self._language.generic):
                yield _attribute(item.path)

    @cached_property
    def _inner(self) -> dict[_Mapping, list[Path]]:
        """The mappings in each mapping, itself among them."""
        found: dict[_Mapping, list[Path]] = {}
        for document, path in self._said:
            for depth in range(min(len(path), _DEEPEST) + 1):
                found.setdefault((document, path[:depth]), []).append(path)
        return found


def _inside(path: Path) -> Path:
    """Return the path of the mapping that a value stands in."""
    named = [place for place, part in enumerate(path) if isinstance(part, str) and part.strip()]
    return path[: named[-1]] if named else path[:-1]


def _attribute(path: Path) -> str:
    named = [part for part in path if isinstance(part, str) and part.strip()]
    return named[-1].casefold() if named else ""


def _kin(path: Path) -> Hashable:
    """Return what mappings that stand equally deep, in lists or in other mappings, have in common."""
    return tuple(isinstance(part, int) for part in path)
