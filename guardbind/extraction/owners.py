"""Tells whose value it is: the attribute of a statement, what part of its key owns it, other names of the owner."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from guardbind.extraction.rule import KeyForm, Path
from guardbind.text.values import Typed, classify

__all__ = ["Address", "Stated", "addresses", "is_name", "numbers_of", "spellings_of"]

_MOST_NAMES = 16  # of a record; what has more values that could name it is not named by each of them
_NAME_WORDS = 5
_PARTICLE = 3  # letters of a word in a name that needs no capital, as in "Bank of Ireland"
_DIGITS = 3  # of a number that names something
_IDENTIFYING = frozenset({"id", "email", "url", "number"})
_NAMING = _IDENTIFYING | {"date", "money", "version"}

_IDENTIFIER = re.compile(r"[^\W_]+(?:_[^\W_]+)+")
_FILE = re.compile(r"(?:[\w.-]{1,80}/){0,20}(?P<stem>[\w-]{1,80})\.[^\W\d_]\w{0,7}")

_Names: TypeAlias = dict[Typed, dict[str, None]]  # each with its spellings


class Stated(NamedTuple):
    """What is known of a statement.

    Attributes:
        path: The parts of its key, without the name of a tool.
        form: What these are.
        document: Which block of which text it stands in.
        typed: Its value's type and canonical form.
        said: The value without escapes.
    """

    path: Path
    form: KeyForm
    document: int
    typed: Typed
    said: str


class Address(NamedTuple):
    """What is asked of whom.

    Attributes:
        attribute: What is asked; None where the key has no words.
        owner: Which part of the path says whose it is; None if none does.
        names: Other names of the owner: values of the same record.
    """

    attribute: str | None
    owner: int | None = None
    names: tuple[str, ...] = ()


class _RecordPlace(NamedTuple):
    """One of several things of a kind: `kin` is what the kind has in common."""

    kin: Hashable
    at: Hashable


def addresses(stated: Sequence[Stated]) -> list[Address]:
    """Return the address of each statement, in the order given.

    A record is a row of a table, a mapping in a list, one of several mappings side by side that have field names in
    common, one under an id, or else a whole document. A value names its record if it is an id, an e-mail address, a
    URL, a date, an amount, a version, a number of three digits or more, or words in capitals, and if no other
    record of the same list has it.
    """
    trees = _trees(stated)
    records: list[_RecordPlace | None] = []
    found: list[Address] = []
    for item in stated:
        words = [place for place, part in enumerate(item.path) if isinstance(part, str) and part.strip()]
        attribute = str(item.path[words[-1]]) if words else None
        if item.form == "words":
            owner = words[-2] if len(words) > 1 else None
            found.append(Address(attribute, owner, () if owner is None else numbers_of(str(item.path[owner]))))
            records.append(None)
        elif item.form == "row":
            alone = len(item.path) == 1 or not isinstance(item.path[1], str)
            row = item.path[0]
            found.append(Address(attribute, None if alone or not isinstance(row, str) else 0))
            records.append(None if len(item.path) == 1 else _RecordPlace(item.document, (item.document, row)))
        else:
            tree = trees[item.document]
            found.append(Address(attribute, tree.owner(item.path)))
            records.append(tree.record(item.path, item.document))
    names = _names(stated, records)
    return [
        address._replace(names=_others(item, names[record])) if record is not None else address
        for item, address, record in zip(stated, found, records, strict=True)
    ]


def is_name(typed: Typed, said: str) -> bool:
    """Whether a value can name the record that it stands in."""
    if typed.type == "number":
        return sum(map(str.isdecimal, said)) >= _DIGITS and not typed.canonical.endswith("%")
    if typed.type != "text":
        return typed.type in _NAMING
    words = said.split()
    if not 1 <= len(words) <= _NAME_WORDS or len(said) < 2:
        return False
    ends = all(word[0].isalpha() and not word[0].islower() for word in (words[0], words[-1]))
    return ends and all(not word[0].islower() or len(word) <= _PARTICLE for word in words)


def spellings_of(owner: str) -> tuple[str, ...]:
    """Return how people write an identifier or the name of a file: `req 8199` and `req-8199` for `data/req_8199.yml`.

    >>> spellings_of("CACHE_US41")
    ('CACHE US41', 'CACHE-US41')
    >>> spellings_of("data/req_8199.yml")
    ('req_8199', 'req 8199', 'req-8199')
    >>> spellings_of("Bob")
    ()
    """
    file = _FILE.fullmatch(owner)
    name = file["stem"] if file else owner
    # What is in small letters and has no digit is a function, or a field.
    telling = owner.isupper() or any(map(str.isdecimal, owner))
    if not file and not (telling and _IDENTIFIER.fullmatch(owner)):
        return ()
    written = dict.fromkeys((name, name.replace("_", " "), name.replace("_", "-")))
    return tuple(said for said in written if said != owner)


def numbers_of(owner: str) -> tuple[str, ...]:
    """Return the number by which an owner is also known: `#1001` and `1001` for `order #1001`."""
    last = owner.split()[-1]
    bare = last.removeprefix("#")
    if sum(char.isdecimal() for char in bare) < _DIGITS:
        return ()
    return tuple(name for name in dict.fromkeys((last, bare)) if name != owner)


class _Tree:
    """The names that stand within each other in a document."""

    def __init__(self) -> None:
        self._fields: defaultdict[Path, dict[str | int, None]] = defaultdict(dict)
        self._varying: dict[Path, frozenset[str]] = {}

    def add(self, path: Path) -> None:
        for depth, part in enumerate(path):
            self._fields[path[:depth]][part] = None

    def owner(self, path: Path) -> int | None:
        """Return the place of the nearest key around a value that tells one thing of a kind from another."""
        for depth in range(len(path) - 2, -1, -1):
            part = path[depth]
            if isinstance(part, str) and part.strip() and part in self._members(path[:depth]):
                return depth
        return None

    def record(self, path: Path, document: int) -> _RecordPlace:
        for depth in range(len(path) - 1, 0, -1):
            around, part = path[: depth - 1], path[depth - 1]
            listed = isinstance(part, int) and isinstance(path[depth], str)
            if listed or (isinstance(part, str) and part in self._members(around)):
                return _RecordPlace((document, around), (document, path[:depth]))
        return _RecordPlace(None, document)

    def _members(self, around: Path) -> frozenset[str]:
        """Return the keys of the mappings under a key if they are several of a kind."""
        if around not in self._varying:
            self._varying[around] = self._of_a_kind(around)
        return self._varying[around]

    def _of_a_kind(self, around: Path) -> frozenset[str]:
        members: dict[str, set[str]] = {
            key: fields
            for key in self._fields.get(around, ())
            if isinstance(key, str)
            and (fields := {field for field in self._fields.get((*around, key), ()) if isinstance(field, str)})
        }
        identifying = frozenset(
            key for key in members if classify(key).type in _IDENTIFYING and is_name(classify(key), key)
        )
        if len(members) < 2:
            return identifying
        common = frozenset.intersection(*map(frozenset, members.values()))
        every = frozenset.union(*map(frozenset, members.values()))
        instances = all(not key[:1].islower() or any(map(str.isdecimal, key)) for key in members)
        alike = 2 * len(common) >= len(every) or (instances and bool(common))
        return frozenset(members) if alike else identifying


def _trees(stated: Iterable[Stated]) -> Mapping[int, _Tree]:
    trees: defaultdict[int, _Tree] = defaultdict(_Tree)
    for item in stated:
        if item.form == "data":
            trees[item.document].add(item.path)
    return trees


def _names(stated: Sequence[Stated], records: Sequence[_RecordPlace | None]) -> dict[_RecordPlace | None, _Names]:
    """Return the values that name each record, with their spellings there."""
    found: dict[_RecordPlace | None, _Names] = {record: {} for record in records}
    for item, record in zip(stated, records, strict=True):
        if record is not None and is_name(item.typed, item.said):
            found[record].setdefault(item.typed, {})[item.said] = None
    kin: defaultdict[Hashable, Counter[Typed]] = defaultdict(Counter)
    told: defaultdict[Typed, set[Typed]] = defaultdict(set)  # what the whole documents that have a value are known by
    for record, names in found.items():
        if record is None:
            continue
        kin[record.kin].update(names.keys())
        if record.kin is None:
            identity = next((typed for typed in names if typed.type in _IDENTIFYING), next(iter(names), None))
            for typed in names:
                told[typed].update({identity} if identity else ())
    for record, names in found.items():
        if record is not None:
            # Two documents may be two states of one thing, as the call of a tool and its result.
            alone = [t for t in names if kin[record.kin][t] == 1 or (record.kin is None and len(told[t]) == 1)]
            found[record] = {typed: names[typed] for typed in alone[:_MOST_NAMES]}
    return found


def _others(item: Stated, names: _Names) -> tuple[str, ...]:
    return tuple(dict.fromkeys(said for typed, all_said in names.items() if typed != item.typed for said in all_said))
