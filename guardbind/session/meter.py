"""Reads the nulls of one step, for all rows at a slot in one forward, and refuses those that do not mean anything."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from guardbind.config import GuardConfig
from guardbind.errors import NullUnavailableError, NumericsError
from guardbind.model.cache import float_dtype
from guardbind.model.tail import Tail
from guardbind.nulls import Null, NullReading, NullRow
from guardbind.nulls.trial import agrees
from guardbind.registry import NULLS
from guardbind.session.row import Row

__all__ = ["NullMeter", "NullReadings"]

logger = logging.getLogger("guardbind")


@dataclass(frozen=True, slots=True)
class NullReadings:
    """What was read at the slot of one row.

    Attributes:
        null: Name of the null that was used.
        nulls: Index of a binding to log p0 `[vocabulary]`, nats.
        envelope: Name of a further null to log p0 of the target `[vocabulary]`, nats.
        forwards: Null forwards run for the slot (shared by all rows of the step).
        cost: What they cost, in words.
        refusal: Why nothing may be judged by them; None when all is well.
    """

    null: str
    nulls: dict[int, Tensor]
    envelope: dict[str, Tensor]
    forwards: int
    cost: str
    refusal: str | None

    def joined(self, more: NullReadings) -> NullReadings:
        """Return these readings with those of further bindings; nothing is judged where either was refused."""
        forwards, cost = self.forwards + more.forwards, f"{self.cost}; {more.cost}"
        if more.refusal is not None:
            return replace(more, forwards=forwards, cost=cost)
        return replace(self, nulls={**self.nulls, **more.nulls}, forwards=forwards, cost=cost)


class NullMeter:
    """Runs the nulls of a guard and refuses those whose unmasked replica is not the main pass.

    Args:
        config: Its `null`, `envelope`, `max_nulls` and `tail_tokens` are used.
        order: Names of the nulls to use, the best first; the next one is taken when one is not available.
    """

    def __init__(self, config: GuardConfig, order: Sequence[Null]) -> None:
        self._config = config
        self._order = list(order)
        self._checked = False
        self._refusal: str | None = None
        self._told: set[str] = set()  # nulls of the envelope that could not be read

    def read(
        self,
        tail: Tail,
        rows: Sequence[Row],
        main: Sequence[Tensor],
        wanted: Sequence[Sequence[int]],
        targets: Sequence[int | None] | None,
    ) -> list[NullReadings]:
        """Read the nulls of some rows.

        Args:
            tail: The interrupted generation.
            rows: The rows at a slot.
            main: Their raw fp32 logits `[vocabulary]`.
            wanted: For each row, the bindings to take away, one by one.
            targets: For each row, the target; the envelope is read for it only. None: the envelope is not read.

        Raises:
            NumericsError: A null gave NaN.
        """
        asked = [_null_row(row, items) for row, items in zip(rows, wanted, strict=True)]
        if not any(row.statements for row in asked):
            return [NullReadings("none", {}, {}, 0, "nothing to take away", None) for _ in rows]
        reading = self._first_that_holds(tail, asked, main)
        if reading is None:
            return [NullReadings("none", {}, {}, 0, "refused", self._refusal) for _ in rows]
        forwards, cost = reading.forwards, reading.cost
        envelopes: list[dict[str, Tensor]] = [{} for _ in rows]
        for name in () if targets is None else self._config.envelope:
            targeted = [_null_row(row, [] if t is None else [t]) for row, t in zip(rows, targets or (), strict=True)]
            try:
                further = NULLS.get(name)(tail, targeted, plain=False)
            except NullUnavailableError as error:
                # The budget is the worst over all nulls, which nobody can tell where one of them is missing.
                refusal = f"null {name!r} of the envelope cannot be used: {error}"
                if name not in self._told:
                    self._told.add(name)
                    logger.warning("%s slots are not judged", refusal)
                return [NullReadings("none", {}, {}, forwards, cost, refusal) for _ in rows]
            forwards += further.forwards
            cost += f"; {name}: {further.cost}"
            for envelope, logits in zip(envelopes, further.logits, strict=True):
                if len(logits):
                    envelope[name] = _log_softmax(logits)[0]
        used = self._order[0].name
        return [
            NullReadings(used, dict(zip(items, _log_softmax(logits), strict=True)), envelope, forwards, cost, None)
            for items, logits, envelope in zip(wanted, reading.logits, envelopes, strict=True)
        ]

    def _first_that_holds(self, tail: Tail, asked: Sequence[NullRow], main: Sequence[Tensor]) -> NullReading | None:
        dtype = float_dtype(tail.model)
        while self._order:
            null = self._order[0]
            try:
                reading = null(tail, asked, plain=not self._checked)
            except NullUnavailableError as error:
                self._drop(null, str(error))
                continue
            if reading.plain is not None:
                checks = [agrees(replica, z, dtype) for replica, z in zip(reading.plain, main, strict=True)]
                worst = max(difference for _, difference in checks)
                if not all(ok for ok, _ in checks):
                    self._drop(null, f"with nothing taken away it differs from the main pass by {worst:.3g} logits.")
                    continue
                self._checked = True
            return reading
        return None

    def _drop(self, null: Null, why: str) -> None:
        self._order.pop(0)
        self._checked = False
        self._refusal = f"null {null.name!r} cannot be used: {why}"
        following = f"using {self._order[0].name!r} instead" if self._order else "slots are not judged"
        logger.warning("%s %s", self._refusal, following)


def _null_row(row: Row, items: Sequence[int]) -> NullRow:
    return NullRow(
        row=row.index,
        ids=tuple(row.ids),
        pad=row.bound.pad,
        statements=tuple(row.statements(item) for item in items),
        values=tuple(row.values(item) for item in items),
        everything=tuple(part for item in row.bound.table.items for part in row.statements(item.index)),
    )


def _log_softmax(logits: Tensor) -> Tensor:
    if bool(logits.isnan().any()):
        raise NumericsError("a null gave NaN logits; nothing can be judged by them.", hint="Try dtype float32.")
    return torch.log_softmax(logits, -1)
