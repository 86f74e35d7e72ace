"""A registry of names that load lazily from `"package.module:object"` strings."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar, cast

from guardbind.errors import UnknownNameError

__all__ = ["Registry"]

T = TypeVar("T")


class Registry(Generic[T]):
    """Names of one kind of thing, each loaded at its first use.

    Args:
        kind: What the names stand for, in messages ("policy", "null", "model").
        entries: Name to `"package.module:object"`.
    """

    def __init__(self, kind: str, entries: Mapping[str, str]) -> None:
        self.kind = kind
        self._entries: dict[str, str | T] = dict(entries)

    def names(self) -> list[str]:
        """Return the registered names, sorted."""
        return sorted(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def get(self, name: str) -> T:
        """Return the object registered as `name`, importing it if need be.

        Raises:
            UnknownNameError: Nothing is registered under that name; the message suggests the nearest one.
        """
        try:
            entry = self._entries[name]
        except KeyError:
            raise self.miss(name) from None
        if isinstance(entry, str):
            module, _, attribute = entry.partition(":")
            entry = cast(T, getattr(importlib.import_module(module), attribute))
            self._entries[name] = entry
        return entry

    def register(self, name: str, entry: str | T) -> None:
        """Add `entry`, an object or a `"package.module:object"` string, under a new name.

        Raises:
            ValueError: The name is taken.
        """
        if name in self._entries:
            raise ValueError(f"the {self.kind} {name!r} is registered already as {self._entries[name]!r}")
        self._entries[name] = entry

    def miss(self, name: str) -> UnknownNameError:
        """Build the error for an unknown name, with a suggestion where one is near."""
        near = difflib.get_close_matches(str(name), self._entries, n=1)
        guess = f"Did you mean {near[0]!r}?" if near else None
        return UnknownNameError(f"there is no {self.kind} {name!r}; known: {', '.join(self.names())}.", hint=guess)
