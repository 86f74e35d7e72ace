"""Keeps of a sample of one signal what later values are compared with: a few of its order statistics."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from guardbind.calibration.signals import NAMES
from guardbind.errors import ConfigError
from guardbind.frozen import Frozen

__all__ = ["GRID", "ReferenceSample", "SignalReference"]

GRID: tuple[float, ...] = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99)
"""Shares of the sample at which its values are kept."""


class SignalReference(Frozen):
    """What is kept of a sample of one signal.

    Values are ordered by size, those that were not measured before all others, and equal ones by a number drawn for
    each. The value at rank r of n is then such that a further value from the same source lies below it with probability
    r / (n + 1) exactly, whatever the distribution is and however many values are equal.
    """

    name: str
    """Name of the signal (`guardbind.calibration.signals`)."""
    n: int = Field(ge=1)
    """Values of the sample, those that were not measured included."""
    missing: int = Field(ge=0)
    """How many of them were not measured."""
    ranks: tuple[int, ...] = Field(min_length=1)
    """Ranks that are kept, rising, in 1 … n."""
    quantiles: tuple[float | None, ...]
    """The value at each rank; None where it was not measured."""
    ties: tuple[float, ...]
    """The number in [0, 1) that was drawn for it."""

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        edges = list(zip(self._low(), self.ties, strict=False))
        whole = len(self.ranks) == len(self.quantiles) == len(self.ties)
        rising = all(a < b for a, b in pairwise(self.ranks)) and edges == sorted(edges)
        inside = self.ranks[0] >= 1 and self.ranks[-1] <= self.n and self.missing <= self.n
        finite = all(math.isfinite(value) for value in (*self.ties, *(q for q in self.quantiles if q is not None)))
        if not (whole and rising and inside and finite):
            raise ValueError("ranks, quantiles and ties are of one length, finite and rising, the ranks in 1 … n")
        return self

    @classmethod
    def of(cls, name: str, values: Iterable[float | None], *, seed: int = 0) -> Self:
        """Make the reference of a sample.

        Args:
            name: Name of the signal.
            values: The sample; None, NaN and infinities count as not measured.
            seed: Seed of what equal values are ordered by.

        Raises:
            ConfigError: The sample is empty.

        Example:
            >>> SignalReference.of("margin", [0.5, 0.25, None, 1.0], seed=1).quantiles
            (None, 0.25, 0.5, 1.0)
        """
        found = np.array([math.nan if value is None else value for value in values], dtype=float)
        if not len(found):
            raise ConfigError(f"the reference of {name!r} has no values.", hint="Give a log that holds slots.")
        measured = np.isfinite(found)
        keys = np.where(measured, found, -np.inf)
        ties = np.random.default_rng(seed).random(len(keys))
        order = np.lexsort((ties, keys))
        n = len(keys)
        ranks = sorted({min(n, max(1, round(share * (n + 1)))) for share in GRID})
        kept = [int(order[rank - 1]) for rank in ranks]
        return cls(
            name=name,
            n=n,
            missing=int(n - measured.sum()),
            ranks=tuple(ranks),
            quantiles=tuple(float(keys[place]) if measured[place] else None for place in kept),
            ties=tuple(float(ties[place]) for place in kept),
        )

    @property
    def gaps(self) -> tuple[int, ...]:
        """Of the n + 1 gaps between the values of the sample, how many lie in each cell between the kept ranks."""
        bounds = (0, *self.ranks, self.n + 1)
        return tuple(high - low for low, high in pairwise(bounds))

    @property
    def edges(self) -> tuple[tuple[float, float], ...]:
        """The value at each kept rank and the number drawn for it, rising; minus infinity where it was not measured."""
        return tuple(zip(self._low(), self.ties, strict=True))

    def _low(self) -> list[float]:
        return [-math.inf if value is None else value for value in self.quantiles]


class ReferenceSample:
    """Collects the signals of slots, one after the other, and makes references of them.

    Of a long log a random part is kept, drawn without looking at the values, so that the memory is bounded.

    Args:
        size: Slots that are kept at most.
        seed: Seed of that draw.
    """

    def __init__(self, *, size: int = 50_000, seed: int = 0) -> None:
        self._size = size
        self._seed = seed
        self._random = np.random.default_rng(seed)
        self._rows: list[tuple[float, ...]] = []
        self.seen = 0

    def add(self, signals: Mapping[str, float]) -> None:
        """Take the signals of one slot; one that is left out was not measured."""
        self.seen += 1
        row = tuple(signals.get(name, math.nan) for name in NAMES)
        if len(self._rows) < self._size:
            self._rows.append(row)
        elif (place := int(self._random.integers(self.seen))) < self._size:
            self._rows[place] = row

    def references(self) -> tuple[SignalReference, ...]:
        """Return a reference for each signal; none where no slot was added."""
        return tuple(
            SignalReference.of(name, [row[place] for row in self._rows], seed=self._seed + place)
            for place, name in enumerate(NAMES)
            if self._rows
        )
