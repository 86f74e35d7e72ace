"""Resolves what a claim cites to spans of the context, by their ids, their names, or their place."""

from __future__ import annotations

import re
from collections.abc import Sequence

from guardbind.auditing.trace import ContextSpan
from guardbind.auditing.wording import citing_patterns

__all__ = ["SpanNames"]

_ID = re.compile(r"s(\d{1,4})\Z")
_LONGEST = 200


class SpanNames:
    """Finds the spans that a citation means.

    A citation is an id of the audit (`S2`), a name that a span has in the context (the number of a reference, the id of
    a tool call), or, where nothing in the context is numbered, the place of a span. A number that the context gives
    itself goes before a place.

    Args:
        spans: The spans of the context.
    """

    def __init__(self, spans: Sequence[ContextSpan]) -> None:
        self._ids = {span.id.casefold(): span.id for span in spans}
        self._names: dict[str, list[str]] = {}
        for span in spans:
            for name in span.names:
                for key in dict.fromkeys((_folded(name), _bare(name))):
                    self._names.setdefault(key, []).append(span.id)
        numbers = {int(name) for name in self._names if name.isdecimal()}
        named_s = any(_ID.match(name) for name in self._names)
        told = {name for name in self._names if len(name) == 1 or any(char.isdigit() for char in name)}
        self._shapes = {_shape(name) for name in told if not name.isdecimal()}
        self._by_place = not numbers
        if named_s:
            self._ids = {}
        # Of a chat, what is cited by its place is what tools returned.
        self._order = [span.id for span in spans if span.source == "tool"] or [span.id for span in spans]

    def shaped(self, written: str) -> bool:
        """Whether a citation is written as the names of the context are: `kb-99` where there is `kb-17`, `C` by `A`."""
        return _shape(_folded(written)) in self._shapes

    def find(self, written: str) -> tuple[str, ...] | None:
        """Return the ids of the spans that a citation means; None where it means none.

        Args:
            written: The citation without its brackets, as `2`, `S2` or `doc-7`.
        """
        for key in dict.fromkeys((_folded(written), _bare(written))):
            if key in self._names:
                return tuple(dict.fromkeys(self._names[key]))
            if key in self._ids:
                return (self._ids[key],)
        key = _bare(written)
        if self._by_place and key.isdecimal() and 0 < int(key) <= len(self._order):
            return (self._order[int(key) - 1],)
        return None

    def known(self, written: str) -> bool:
        """Whether a citation means a span."""
        return self.find(written) is not None


def _shape(name: str) -> str:
    return "letter" if len(name) == 1 and name.isalpha() else re.sub(r"\d+", "0", name)


def _folded(name: str) -> str:
    return " ".join(name[:_LONGEST].casefold().split()).strip("[]()【】#^*\"' ")


def _bare(name: str) -> str:
    """Return a name without the word before it and leading zeros: "Document 03" is "3"."""
    folded = _folded(name)
    match = citing_patterns().lead.match(folded)
    bare = match["name"].strip("[]()【】#^*\"': ") if match else folded
    return bare.lstrip("0") or "0" if bare.isdecimal() else bare
