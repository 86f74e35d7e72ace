"""Bets, value by value, that a stream is not exchangeable with a sample that was taken before it.

The sample cuts the line into cells. While nothing has drifted, the next value falls into a cell with probability
(g + m) / (n + 1 + m'), where g are the gaps of the sample in it, m the earlier values of the stream in it, n the sample
and m' the stream so far. This is Pólya's urn, and exact: it holds on average over samples of that size, so that a
small sample costs power and not validity. A bettor moves stakes to some cells and is paid the ratio of stake to this
probability. Without drift no bettor is expected to win, at any time, whatever was seen before: capital is a martingale,
and that it ever reaches x has probability at most 1/x (Ville).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["BETTORS", "MEMORIES", "Betting", "Ledger"]

_Array = NDArray[np.float64]

# Stakes move up, down, to both ends or to the middle, to the lowest or to the highest cells, each mildly and boldly.
_DIRECTIONS = 6
_TILTS = (0.5, 1.5)
_END = 0.1
# And to where the last values fell: so many count, and the prior weighs as so many.
MEMORIES = (50.0, 500.0)
_PRIOR = 20.0
BETTORS = _DIRECTIONS * len(_TILTS) + len(MEMORIES)
"""How many bettors share the capital of a stream."""
_NEVER = -1e300


@dataclass(frozen=True, slots=True)
class Ledger:
    """All that the bets go on from; every number is finite.

    Attributes:
        steps: Values so far.
        seen: Values of each stream in each cell `[streams, cells]`.
        recent: The same with older ones counting less, for each memory `[streams, memories, cells]`.
        awake: Natural logarithm of what each bettor holds `[streams, bettors]`, without what still sleeps.
    """

    steps: int
    seen: NDArray[np.int64]
    recent: _Array
    awake: _Array


class Betting:
    """Bets on several streams at once, each against its own sample; they do not know of each other.

    A part of the capital sleeps and wakes little by little, so that a drift that sets in late is met by bettors who
    have lost nothing yet.

    Args:
        gaps: Gaps of each stream's sample in each cell; the numbers of cells may differ.
        ledger: Where to go on; by default at the beginning.
    """

    def __init__(self, gaps: Sequence[Sequence[int]], ledger: Ledger | None = None) -> None:
        width = max(len(row) for row in gaps)
        self._gaps = np.array([[*row, *[0] * (width - len(row))] for row in gaps], dtype=np.float64)
        self._streams = np.arange(len(gaps))
        self._stakes = _tilted(self._gaps)
        self._fading = np.array([1 - 1 / memory for memory in MEMORIES])[:, None]
        shape = self._gaps.shape
        self._ledger = ledger or Ledger(
            0,
            np.zeros(shape, dtype=np.int64),
            np.zeros((shape[0], len(MEMORIES), shape[1])),
            np.full((shape[0], BETTORS), _NEVER),
        )

    @property
    def ledger(self) -> Ledger:
        """Where the bets stand."""
        return self._ledger

    def step(self, cells: NDArray[np.intp]) -> None:
        """Pay out the bets on the next value of each stream.

        Args:
            cells: The cell into which it fell `[streams]`.
        """
        old, each = self._ledger, self._streams
        counts = self._gaps + old.seen
        expected = counts / counts.sum(1, keepdims=True)
        chance = expected[each, cells]
        fixed = self._stakes[each, :, cells] / (self._stakes * expected[:, None, :]).sum(2)
        held = old.recent.sum(2)
        learned = (old.recent[each, :, cells] / chance[:, None] + _PRIOR) / (held + _PRIOR)
        paid = np.log(np.concatenate((fixed, learned), axis=1))
        woken = math.log(_asleep(old.steps) - _asleep(old.steps + 1))
        seen, recent = old.seen.copy(), old.recent * self._fading
        seen[each, cells] += 1
        recent[each, :, cells] += 1
        self._ledger = Ledger(old.steps + 1, seen, recent, np.logaddexp(old.awake, woken) + paid)

    def log_capital(self) -> _Array:
        """Return the natural logarithm of the e-value of each stream `[streams]`; it begins at 0."""
        total = np.logaddexp(self._ledger.awake, math.log(_asleep(self._ledger.steps)))
        most = total.max(1)
        return np.asarray(most + np.log(np.exp(total - most[:, None]).mean(1)), dtype=np.float64)

    def recent_rank(self) -> _Array:
        """Return the mean rank in its sample of each stream's last values, .5 without drift `[streams]`."""
        recent = self._ledger.recent[:, -1]
        return np.asarray((recent * _middles(self._gaps)).sum(1) / np.maximum(recent.sum(1), 1e-12), dtype=np.float64)


def _asleep(steps: int) -> float:
    """Return the share of a bettor's capital that has not been staked yet after so many values."""
    return 1 / (1 + math.log1p(steps))


def _middles(gaps: _Array) -> _Array:
    """Return the mean rank of each cell, in (0, 1)."""
    shares = gaps / gaps.sum(1, keepdims=True)
    return np.asarray(np.cumsum(shares, axis=1) - shares / 2, dtype=np.float64)


def _tilted(gaps: _Array) -> _Array:
    """Return how much each bettor who does not learn raises its stake on each cell `[streams, bettors, cells]`."""
    rank = 2 * _middles(gaps) - 1
    ends = np.abs(rank) * 2 - 1
    lowest = (rank < 2 * _END - 1).astype(float)
    highest = (rank > 1 - 2 * _END).astype(float)
    directions = [rank, -rank, ends, -ends, lowest, highest]
    return np.stack([np.exp(tilt * direction) for direction in directions for tilt in _TILTS], axis=1)
