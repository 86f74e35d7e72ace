"""Finds what a code stands for where nothing else is said of it: "What does 9f2c-11 map to?"."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from guardbind.evidence import EvidenceTable
from guardbind.targets.attributes import Match
from guardbind.targets.labels import Labels, LabelTable
from guardbind.text.layout import Span, folded, longest, occurrences
from guardbind.text.words import content, words

__all__ = ["Coded"]

_LEAST = 4  # characters of a code
_SCORE = 0.9


class Coded:
    """Finds the one value that the record of a code has, besides the code itself.

    Args:
        table: What the prompt binds.
        labels: How it is called.
    """

    def __init__(self, table: EvidenceTable, labels: LabelTable) -> None:
        self._table = table
        self._labels = labels

    def find(self, text: str, before: str = "") -> Match | None:
        """Return the binding whose record a text names by a code, where it asks for nothing in particular.

        Args:
            text: What asks.
            before: What is said before it, which may name the code.
        """
        for said in (text, f"{before} {text}"):
            codes = {folded(said[slice(*span)]): span for span in self._codes(said)}
            if len(codes) == 1:
                [(written, span)] = codes.items()
                fitting = self._fitting(written)
                return (
                    Match(tuple(fitting), _SCORE, *span) if len(fitting) == 1 and self._alone(written, text) else None
                )
        return None

    def _codes(self, said: str) -> list[Span]:
        spans = [mention.span for mention in self._labels.mentions(said) if mention.owners]
        spans += [span for span, _ in occurrences(folded(said), self._keys)]
        return [span for span in longest(spans) if _is_code(said[slice(*span)])]

    def _fitting(self, written: str) -> list[Labels]:
        """Return what a code is the key of, or what its record has besides the code."""
        keyed = [self._labels.of(item) for item in self._keys.get(written, ())]
        owners = self._labels.owners.get(written, frozenset())
        owned = [label for label in self._labels.labels if label.owners & owners and label not in keyed]
        return keyed + [label for label in owned if written not in map(folded, self._table.items[label.item].surfaces)]

    def _alone(self, written: str, text: str) -> bool:
        """Whether a text names nothing but the code, and asks for nothing in particular."""
        language = self._labels.language
        known = language.coded | language.plain | language.generic | language.trailing | language.places
        known = known.union(word.stem for word in words(written, language))
        return not any(
            word.stem not in known and text[word.start : word.end].lower() not in language.function_words
            for word in content(words(text, language))
        )

    @cached_property
    def _keys(self) -> Mapping[str, list[int]]:
        """The bindings of each key."""
        found: dict[str, list[int]] = {}
        for label in self._labels.labels:
            found.setdefault(folded(self._table.items[label.item].key), []).append(label.item)
        return found


def _is_code(written: str) -> bool:
    """Whether something written is a code: no word, and no short number."""
    return len(written) >= _LEAST and " " not in written and any(map(str.isdecimal, written))
