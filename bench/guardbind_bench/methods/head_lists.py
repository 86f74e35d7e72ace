"""Holds lists of attention heads that were found on a split of their own, with what they were found by."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Literal

from pydantic import Field

from guardbind.errors import ConfigError
from guardbind.frozen import Frozen

__all__ = ["HEAD_KINDS", "HeadKind", "HeadLists", "HeadSearch", "RankedHead"]

HeadKind = Literal[
    "retrieval", "attending", "difference", "supporting", "conflicting", "attribution", "inhibition", "copy_suppression"
]

HEAD_KINDS: dict[HeadKind, str] = {
    "retrieval": "copying: the largest weight lies on the value that is written, share of trials answered right",
    "attending": "attention to the statement that is asked for",
    "difference": "attention to the statement that is asked for, less that to the others on average",
    "supporting": "what its reading of that statement adds to target minus competitor, to first order",
    "conflicting": "what its reading of the competitor's statement takes from target minus competitor, likewise",
    "attribution": "its output times the gradient of target minus competitor",
    "inhibition": "what its reading of the competitor's statement takes from the competitor's own logit",
    "copy_suppression": "attention to a value times how far that value's own logit falls among the candidates",
}
"""What the score of each kind is; every list is ranked by it, the largest first."""


class RankedHead(Frozen):
    """One head."""

    layer: int
    """Its layer, from 0."""
    head: int
    """Its number, from 0."""
    score: float
    """Its score."""


class HeadSearch(Frozen):
    """Where heads are looked for; the key that is asked for is always random."""

    task: str = "competing_vars"
    """A registered task of tokens."""
    filler: str = "natural"
    """A registered filler."""
    k: int = Field(default=32, ge=0)
    """Tokens of filler per block."""
    trials: int = Field(default=96, ge=1)
    """How many trials."""
    seed: int = Field(default=1001, ge=0)
    """Base seed; not that of any trial that is answered."""


class HeadLists(Frozen):
    """Every kind of list, for one model."""

    model: str
    """Its name."""
    model_sha256: str
    """Hash of its weights."""
    search: HeadSearch
    """Where they were found."""
    layers: int
    """Layers of the model."""
    heads: int
    """Heads per layer."""
    right: int
    """Trials of the search that the model answered right; the score `retrieval` is over these alone."""
    lists: dict[HeadKind, tuple[RankedHead, ...]]
    """Kind to its best heads, best first."""
    halves: dict[HeadKind, float]
    """Overlap (Jaccard) of the ten best heads of either half of the trials: how far a list can be trusted."""
    means: tuple[tuple[tuple[float, ...], ...], ...]
    """Mean output of every head at the last token of the prompts, `[layers][heads][size]`."""

    def best(self, kind: HeadKind, count: int, *, random: bool = False) -> list[tuple[int, int]]:
        """Return the best heads of a kind.

        Args:
            kind: The kind.
            count: How many, at most.
            random: As many others of the same layers in their place, always the same ones: the control.

        Raises:
            ConfigError: The model has no head of that kind.
        """
        found = [(ranked.layer, ranked.head) for ranked in self.lists[kind][:count]]
        if not found:
            raise ConfigError(f"no head of {self.model} is of the kind {kind!r}.")
        if not random:
            return found
        draw = Random(f"{self.search.seed}|{kind}|{count}")
        others: list[tuple[int, int]] = []
        for layer, _ in found:
            free = [(layer, head) for head in range(self.heads) if (layer, head) not in {*found, *others}]
            free = free or [
                (at, head)
                for at in range(self.layers)
                for head in range(self.heads)
                if (at, head) not in {*found, *others}
            ]
            others += [draw.choice(free)] if free else []
        return others

    @classmethod
    def load(cls, path: Path, model_sha256: str) -> HeadLists:
        """Read a file that `guardbind bench heads` has written.

        Raises:
            ConfigError: It was found on another model.
        """
        lists = cls.model_validate_json(path.read_text(encoding="utf-8"))
        if lists.model_sha256 != model_sha256:
            raise ConfigError(
                f"the heads in {path.name} were found on weights {lists.model_sha256[:12]}, and these are "
                f"{model_sha256[:12]}.",
                hint="Find them anew with: guardbind bench heads",
            )
        return lists
