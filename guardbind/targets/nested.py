"""Tells which bindings of an attribute a text may mean by the names in it, where things stand within each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from guardbind.targets.attributes import Match
from guardbind.targets.labels import Labels, LabelTable, Named
from guardbind.text.words import words

__all__ = ["NestedThings"]


class NestedThings:
    """Leaves out what goes by a name only that is lent to it: "Daisy's stall" is not that of Daisy's calf.

    Args:
        labels: How what is bound is called.
    """

    def __init__(self, labels: LabelTable) -> None:
        self._labels = labels
        self._lent = any(label.lent for label in labels.labels)

    def meant(self, match: Match, named: Sequence[Named], texts: Sequence[str]) -> Match | None:
        """Return the bindings that may be meant; None if none of them is.

        Args:
            match: Bindings of an attribute.
            named: The names in a text.
            texts: That text, and others that may say of what kind the thing is.
        """
        if not self._lent or not named or not any(label.lent for label in match.labels):
            return match
        said = {word.stem for text in texts for word in words(text, self._labels.language)}
        said.difference_update(match.attribute)
        kept = tuple(label for label in match.labels if self._by_itself(label, named) or label.kinds & said)
        return replace(match, labels=kept) if kept else None

    def _by_itself(self, label: Labels, named: Sequence[Named]) -> bool:
        """Whether one of the names is its own, or none of them is its at all."""
        its = [mention for mention in named if mention.owners & label.owners]
        return not its or any(mention.owners & (label.owners - label.lent) for mention in its)
