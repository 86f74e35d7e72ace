"""Plays an engine with continuous batching for tests: rows change places, prompts come in chunks, requests are put off.

It tells of its batch as vLLM's first runner does: a row that is filled again, by a new request or by one that is moved
there, is not among those that are removed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from guardbind_adapters.vllm.batch import WatchedBatch
from guardbind_adapters.vllm.watch import Arrival


@dataclass
class Scripted:
    """A request whose model wants to write some tokens, one after the other."""

    name: int
    arrival: Arrival
    prompt: list[int]
    wants: Sequence[int]
    vocabulary: int
    written: list[int] = field(default_factory=list)
    chunks: int = 1
    """Looks at its prompt that are still to come before a token of it counts."""
    put_off: bool = False
    """It had to leave and come back."""

    def logits(self) -> Tensor:
        """Return what its model says of the next token."""
        step = len(self.written)
        generator = torch.Generator().manual_seed(1000 * self.name + step)
        scores = torch.randn(self.vocabulary, generator=generator)
        scores[self.wants[min(step, len(self.wants) - 1)]] += 12
        return scores

    @property
    def ended(self) -> bool:
        return len(self.written) >= len(self.wants) or bool(self.written and self.written[-1] in self.arrival.stops)


def alone(batch: WatchedBatch, request: Scripted) -> None:
    """Run one request in a batch of its own."""
    batch.update([], [(0, request.arrival, request.prompt, request.written)], [])
    while not request.ended:
        logits = request.logits()[None]
        batch.apply(logits)
        request.written.append(int(logits[0].argmax()))
    batch.update([0], [], [])


class ScriptedEngine:
    """Runs requests side by side in an order that is drawn.

    Args:
        batch: What watches them.
        draw: Draws what happens.
        rows: Requests that run at one time, at most.
    """

    def __init__(self, batch: WatchedBatch, draw: random.Random, rows: int) -> None:
        self._batch, self._draw, self._most = batch, draw, rows
        self._rows: list[Scripted] = []
        self._removed: list[int] = []

    def run(self, requests: Sequence[Scripted], *, within: Callable[[int], None] = lambda step: None) -> None:
        """Run requests to their ends."""
        waiting = list(requests)
        steps = 0
        while waiting or self._rows:
            self._change(waiting)
            self._step()
            within(steps)
            steps += 1
        self._batch.update([], [], [])

    def _change(self, waiting: list[Scripted]) -> None:
        draw, rows = self._draw, self._rows
        gone = [row for row, request in enumerate(rows) if request.ended]
        for row, request in enumerate(rows):
            if row not in gone and draw.random() < 0.08:
                request.chunks, request.put_off = draw.randint(1, 3), True  # all of it is read again
                gone.append(row)
                waiting.append(request)
        free = sorted(gone)
        seats: list[Scripted | None] = [None if row in gone else request for row, request in enumerate(rows)]
        added = []
        while waiting and (free or len(seats) < self._most) and draw.random() < 0.8:
            request = waiting.pop(draw.randrange(len(waiting)))
            row = free.pop(0) if free else len(seats)
            seats[row : row + 1] = [request]
            added.append((row, request.arrival, request.prompt, request.written))
        moved: list[tuple[int, int, bool]] = []
        while free:  # the last of the batch fills the first hole
            last = len(seats) - 1
            if seats[last] is None:
                seats.pop()
                if last in free:
                    free.remove(last)
                    gone = [row for row in gone if row != last] + [last]
                    self._removed.append(last)
                continue
            hole = free.pop(0)
            seats[hole] = seats.pop()
            moved.append((last, hole, False))
        whole = [request for request in seats if request is not None]
        if len(whole) > 1 and draw.random() < 0.4:
            a, b = draw.sample(range(len(whole)), 2)
            whole[a], whole[b] = whole[b], whole[a]
            moved.append((a, b, True))
        removed, self._removed = self._removed, []
        self._batch.update(removed, added, moved)
        self._rows = whole

    def _step(self) -> None:
        if not self._rows:
            return
        logits = torch.stack(
            [request.logits() if request.chunks <= 1 else self._middle(request.vocabulary) for request in self._rows]
        )
        self._batch.apply(logits)
        for request, row in zip(self._rows, logits, strict=True):
            if request.chunks > 1:
                request.chunks -= 1  # its token is thrown away
            else:
                request.written.append(int(row.argmax()))

    def _middle(self, vocabulary: int) -> Tensor:
        """Return logits in the middle of a prompt: of anything, and very sure."""
        scores = torch.full((vocabulary,), -math.inf if self._draw.random() < 0.1 else 0.0)
        scores[self._draw.randrange(vocabulary)] = 30.0
        return scores
