"""Cuts trials into batches, always the same ones, and into smaller ones where memory does not suffice.

Which trials are computed side by side moves the last bits of a logit. A batch is therefore what falls into a window of
indices, whoever measures it and whenever, and it is measured and written as a whole.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from accelerate.utils.memory import clear_device_cache

from guardbind.errors import GuardbindError
from guardbind_bench.measures.measure import Session
from guardbind_bench.measures.trial_record import TrialRecord

__all__ = ["MeasuredBatch", "batches", "is_out_of_memory", "measure", "trials_per_batch"]

_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory")


def trials_per_batch(tokens: int, *, budget: int, longest: int | None = None) -> int:
    """Return how many trials make a batch, at least one.

    Args:
        tokens: Tokens that one trial feeds to the model.
        budget: Tokens per batch, at most.
        longest: Trials per batch, at most; None for no bound.
    """
    size = max(1, budget // max(1, tokens))
    return size if longest is None else min(size, longest)


def batches(indices: Iterable[int], size: int) -> list[tuple[int, ...]]:
    """Split ascending indices into those of the windows `[0, size)`, `[size, 2 size)`, ..."""
    return [tuple(group) for _, group in groupby(indices, key=lambda index: index // size)]


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory did not suffice, on the device or the host."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in text for sign in _OUT_OF_MEMORY)


@dataclass(frozen=True, slots=True)
class MeasuredBatch:
    """What became of one batch.

    Attributes:
        records: The records, by ascending index. All of the batch, unless it was refused.
        seconds: Time that it took.
        refusal: Why the rest could not be measured, or None.
    """

    records: tuple[TrialRecord, ...]
    seconds: float
    refusal: str | None = None


def measure(session: Session, indices: Sequence[int]) -> MeasuredBatch:
    """Measure one batch, in halves of halves where memory does not suffice.

    Each batch is tried as a whole first, so that a run that goes on after a stop splits it at the same places. A
    single trial that does not fit, or an error of guardbind, refuses what is left; what was measured is kept.
    """
    start = time.perf_counter()
    records: list[TrialRecord] = []
    refusal, at, size = None, 0, len(indices)
    while at < len(indices) and refusal is None:
        piece = indices[at : at + size]
        shortage = None
        try:
            found = sorted(session.run(piece), key=lambda record: record.index)
        except GuardbindError as error:
            refusal = str(error)
            continue
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            shortage = " ".join(str(error).split()) or type(error).__name__
        if shortage is not None:
            # Outside of the handler: the error holds on to what was allocated.
            clear_device_cache(garbage_collection=True)
            size = (len(piece) + 1) // 2
            refusal = f"memory does not suffice for one trial: {shortage}" if len(piece) == 1 else None
        elif (given := sorted({record.index for record in found})) != sorted(piece):
            refusal = f"the measure gave records of trials {given} when it was asked for {list(piece)}"
        else:
            records += found
            at += len(piece)
    return MeasuredBatch(tuple(records), time.perf_counter() - start, refusal)
