"""Tells whether a text ends within the name of something that is bound: "the code of crate 1", of crate 101."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property

from guardbind.evidence.locate import EvidenceTable

__all__ = ["BegunNames"]

_WORD = re.compile(r"[^\W_]+")
_MOST = 8  # words that may stand before the end


class BegunNames:
    """Names of several words, of which a text may have written a part.

    Args:
        table: What is bound; its keys and the names of its owners are gone through when they are first needed. Those of
            one word are left out, since nothing of them stands before a token that begins a word.

    Example:
        >>> from guardbind.evidence import Located
        >>> begun = BegunNames(EvidenceTable((Located(0, "crate 101", "7", (), ()), Located(1, "lid", "9", (), ()))))
        >>> begun.within("The code of crate ", "1"), begun.within("The code is ", "1"), begun.within("a ", "lid")
        (True, False, False)
    """

    def __init__(self, table: EvidenceTable) -> None:
        self._table = table

    @cached_property
    def _names(self) -> list[str]:
        plain = {_plain(name) for item in self._table.items for name in (item.key, *item.owners)}
        return sorted(name for name in plain if len(_WORD.findall(name)) > 1)

    def within(self, text: str, following: str) -> bool:
        """Whether a text, with what follows, ends in the beginning of a name, of which a word stands in it already.

        Args:
            text: What is written so far.
            following: What is about to be written.
        """
        starts = [match.start() for match in _WORD.finditer(text)][-_MOST:]
        said = text + following
        space = " " if said[-1:].isspace() else ""  # "crate 1 " is no part of crate 101
        return any(self._begins(_plain(said[start:]) + space) for start in starts)

    def _begins(self, part: str) -> bool:
        at = bisect_left(self._names, part)
        return at < len(self._names) and self._names[at].startswith(part)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
