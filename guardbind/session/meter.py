"""Reads the nulls of one step, for all rows at a slot in one forward, and refuses those that do not mean anything."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from guardbind.config import GuardConfig
from guardbind.errors import NullUnavailableError, NumericsError
from guardbind.model.cache import float_dtype
from guardbind.model.tail import Tail
from guardbind.nulls import Null, NullReading, NullRow, SpanBias
from guardbind.nulls.null import TokenRanges
from guardbind.nulls.trial import agrees
from guardbind.registry import NULLS
from guardbind.session.row import Row
from guardbind.session.unbound import UnboundValue

__all__ = ["NullMeter", "NullReadings"]

logger = logging.getLogger("guardbind")

_COMPARED = 32
_ROUNDING = 0.1  # logits


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
        biased: Log-probabilities `[vocabulary]` (nats) with more attention to the target's evidence, where they were
            read together with the nulls.
        beside: Log p0 `[vocabulary]` (nats) where something else than a binding is taken away, in the order in which
            that was asked for; empty where the null does not mask columns.
        unbound: The value that no binding holds and the model's token rests on; None where there is none.
    """

    null: str
    nulls: dict[int, Tensor]
    envelope: dict[str, Tensor]
    forwards: int
    cost: str
    refusal: str | None
    biased: Tensor | None = None
    beside: tuple[Tensor, ...] = ()
    unbound: UnboundValue | None = None

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
        self._heeds_bias = False
        self._no_bias: str | None = None

    @property
    def masks(self) -> bool:
        """Whether the null that is used masks columns, so that more of them cost a few tokens and no prompt."""
        return bool(self._order) and hasattr(self._order[0], "reread")

    def read(
        self,
        tail: Tail,
        rows: Sequence[Row],
        main: Sequence[Tensor],
        wanted: Sequence[Sequence[int]],
        targets: Sequence[int | None] | None,
        attended: Sequence[int | None] | None = None,
        beside: Sequence[Sequence[TokenRanges]] | None = None,
    ) -> list[NullReadings]:
        """Read the nulls of some rows.

        Args:
            tail: The interrupted generation.
            rows: The rows at a slot.
            main: Their raw fp32 logits `[vocabulary]`.
            wanted: For each row, the bindings to take away, one by one.
            targets: For each row, the target; the envelope is read for it only. None: the envelope is not read.
            attended: For each row, the binding to attend to more in a reading beside the nulls; None: no such reading.
            beside: For each row, what else to take away, one by one. None: nothing.

        Raises:
            NumericsError: A null gave NaN.
        """
        others = [tuple(of) for of in beside] if beside is not None else [()] * len(rows)
        biases = [self._bias(row, item) for row, item in zip(rows, attended or [None] * len(rows), strict=True)]
        asked = [
            _null_row(row, items, bias, of) for row, items, bias, of in zip(rows, wanted, biases, others, strict=True)
        ]
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
        seen = reading.biased or [None] * len(rows)
        return [
            NullReadings(
                used,
                dict(zip(items, _log_softmax(logits[: len(items)]), strict=True)),
                envelope,
                forwards,
                cost,
                None,
                None if bias is None or biased is None else _log_softmax(biased[0]),
                tuple(_log_softmax(logits[len(items) :])) if self.masks else (),
            )
            for items, logits, envelope, bias, biased in zip(
                wanted, reading.logits, envelopes, biases, seen, strict=True
            )
        ]

    def attend(self, tail: Tail, row: Row, main: Tensor, item: int) -> Tensor | str:
        """Read the last token of a row with more attention to a binding's evidence, in a forward of its own.

        Args:
            tail: The interrupted generation.
            row: The row.
            main: Its raw fp32 logits `[vocabulary]`.
            item: The binding.

        Returns:
            Log-probabilities `[vocabulary]`, nats; or why they cannot be had.

        Raises:
            NumericsError: The reading gave NaN.
        """
        bias = self._bias(row, item)
        if bias is None:
            return self._no_bias or self._cannot()
        reading = self._first_that_holds(tail, [_null_row(row, (), bias)], [main])
        if reading is None or reading.biased is None:
            return self._no_bias or self._cannot()
        return _log_softmax(reading.biased[0][0])

    def _cannot(self) -> str:
        used = f"the null {self._order[0].name!r}" if self._order else "without a null, it"
        return f"{used} takes no bias, which needs attention under a mask of numbers, as the null 'mask' has it"

    def _bias(self, row: Row, item: int | None) -> SpanBias | None:
        if item is None or self._no_bias is not None or not (self._order and getattr(self._order[0], "biases", False)):
            return None
        settings = self._config.attend
        return SpanBias(row.statements(item), math.log(settings.gamma), settings.layers)

    def _first_that_holds(self, tail: Tail, asked: Sequence[NullRow], main: Sequence[Tensor]) -> NullReading | None:
        dtype = float_dtype(tail.model)
        while self._order:
            null = self._order[0]
            biased = any(row.bias is not None for row in asked)
            try:
                reading = null(tail, asked, plain=not self._checked or (biased and not self._heeds_bias))
            except NullUnavailableError as error:
                if biased:
                    asked = self._without_bias(asked, str(error))
                    continue
                self._drop(null, str(error))
                continue
            if reading.plain is not None:
                checks = [agrees(replica, z, dtype) for replica, z in zip(reading.plain, main, strict=True)]
                worst = max(difference for _, difference in checks)
                if not all(ok for ok, _ in checks):
                    self._drop(null, f"with nothing taken away it differs from the main pass by {worst:.3g} logits.")
                    continue
                self._checked = True
                if reading.biased is not None and not self._heeds_bias:
                    apart = max(map(_apart, reading.biased, reading.plain))
                    if apart > 0:
                        self._without_bias(asked, f"attention does not heed a bias in its mask, by {apart:.3g} logits")
                        return replace(reading, biased=None)
                    self._heeds_bias = True
            return reading
        return None

    def _without_bias(self, asked: Sequence[NullRow], why: str) -> list[NullRow]:
        self._no_bias = why
        logger.warning("nothing is read with more attention to the evidence: %s", why)
        return [replace(row, bias=None) for row in asked]

    def _drop(self, null: Null, why: str) -> None:
        self._order.pop(0)
        self._checked = False
        self._refusal = f"null {null.name!r} cannot be used: {why}"
        following = f"using {self._order[0].name!r} instead" if self._order else "slots are not judged"
        logger.warning("%s %s", self._refusal, following)


def _null_row(
    row: Row, items: Sequence[int], bias: SpanBias | None = None, beside: Sequence[TokenRanges] = ()
) -> NullRow:
    return NullRow(
        row=row.index,
        ids=tuple(row.ids),
        pad=row.bound.pad,
        statements=(*(row.statements(item) for item in items), *beside),
        values=(*(row.values(item) for item in items), *beside),
        everything=tuple(part for item in row.bound.table.items for part in row.statements(item.index)),
        bias=bias,
    )


def _apart(biased: Tensor, plain: Tensor) -> float:
    """Return by how many logits the two ways to bias a reading differ, more than rounding and half of what they do."""
    strengthened, weakened = biased.log_softmax(-1)
    plain = plain.log_softmax(-1)
    largest = torch.cat([line.topk(min(_COMPARED, len(line))).indices for line in (strengthened, weakened)])
    apart = float((strengthened - weakened)[largest].abs().max())
    does = float((strengthened - plain)[largest].abs().max())
    return apart if apart > max(_ROUNDING, does / 2) else 0.0


def _log_softmax(logits: Tensor) -> Tensor:
    if bool(logits.isnan().any()):
        raise NumericsError("a null gave NaN logits; nothing can be judged by them.", hint="Try dtype float32.")
    return torch.log_softmax(logits, -1)
