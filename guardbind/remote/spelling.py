"""Tells which candidates a text goes on with: values as they may be spelt, where a model's tokens are only texts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

from guardbind.backends import NextToken
from guardbind.candidates.trie import Trie
from guardbind.text.word_end import goes_on

__all__ = ["Spellings"]

# A vocabulary with bytes in it spells a character of one byte in two ways.
_BYTES = 0x80


@dataclass(frozen=True)
class Spellings:
    """How the candidates of a row may be written.

    Attributes:
        forms: For each candidate, in the order of the trie, the texts that it may be written as.
    """

    forms: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, trie: Trie | None, decode: Callable[[Sequence[int]], str]) -> Spellings:
        """Read them off a trie.

        Args:
            trie: The candidates; None where no value is known.
            decode: Returns the text of some of its tokens.
        """
        if trie is None:
            return cls(())
        return cls(tuple(tuple(dict.fromkeys(map(decode, one.forms))) for one in trie.candidates))

    @cached_property
    def _first_letters(self) -> frozenset[str]:
        return frozenset(form[:1] for forms in self.forms for form in forms)

    def alive(self, written: str) -> frozenset[int]:
        """Return the candidates that a text begins, or is, also where something follows that parts it from them.

        Example:
            >>> Spellings((("4821", " 4821"), ("48", " 48"))).alive(" 48")
            frozenset({0, 1})
        """
        if not written or written[0] not in self._first_letters:
            return frozenset() if written else frozenset(range(len(self.forms)))
        return frozenset(
            place for place, forms in enumerate(self.forms) if any(_goes_with(form, written) for form in forms)
        )

    def rests(self, candidate: int, written: str) -> list[str]:
        """Return what may follow a text so that it is a candidate; empty texts are left out."""
        return [form[len(written) :] for form in self.forms[candidate] if form.startswith(written) and form != written]

    def kept(self, written: str, read: NextToken) -> dict[Hashable, frozenset[int]]:
        """Return, for each returned token that keeps candidates alive, which.

        Args:
            written: What of the value is written.
            read: What was returned.
        """
        begun = [form for forms in self.forms for form in forms if form.startswith(written)]
        firsts = {form[len(written)] for form in begun if form != written}
        # Behind a value that is whole, whatever parts what follows from it keeps it alive.
        whole = any(written.startswith(form) for forms in self.forms for form in forms)
        found: dict[Hashable, frozenset[int]] = {}
        for key in read.distribution.logprobs:
            text = read.texts.get(key, "")
            if text and (whole or text[0] in firsts) and (alive := self.alive(written + text)):
                found[key] = alive
        return found

    def keys(self, candidates: Collection[int], written: str, read: NextToken) -> set[Hashable]:
        """Return the next tokens that keep some candidates alive, with a stand-in for each that was not returned.

        Args:
            candidates: The candidates.
            written: What of the value is written.
            read: What was returned.
        """
        wanted = set(candidates)
        if not wanted:
            return set()
        found: set[Hashable] = {key for key, kept in self.kept(written, read).items() if not wanted.isdisjoint(kept)}
        if read.distribution.whole:
            return found
        seen = {read.texts[key] for key in found if key in read.texts}
        for candidate in wanted:
            for rest in self.rests(candidate, written):
                for size in range(1, len(rest) + 1):
                    text = rest[:size]
                    copies = 2 if len(text) == 1 and ord(text) < _BYTES else 1
                    found.update(("unseen", text, copy) for copy in range(1 if text in seen else 0, copies))
        return found


def _goes_with(form: str, written: str) -> bool:
    if form.startswith(written):
        return True
    return written.startswith(form) and goes_on(form, written[len(form) :]) is not True
