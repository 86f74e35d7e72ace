"""Keeps the few slots of a log that are worst."""

from __future__ import annotations

import heapq
import math

from guardbind.events.records import SlotRecord
from guardbind.logs.summary import NotedSlot

__all__ = ["WorstSlots", "rule_of"]

_WORST_FIRST = ("binding_failure", "gate_failure", "unsupported", "absent", "unresolved")


def rule_of(record: SlotRecord) -> str:
    """Return how the target of a slot was found and, where they are told, on what grounds."""
    return f"{record.resolved_by} ({record.grounds})" if record.grounds else record.resolved_by


class WorstSlots:
    """Keeps the worst slots of those that are added: failures first, what was not judged last, then the fewest bits.

    Args:
        size: How many are kept.
        text: Keep prompt text, where the records hold it.
    """

    def __init__(self, size: int, *, text: bool) -> None:
        self._size, self._text = size, text
        # The least of a heap is dropped first: here the best slot, and of equals the latest.
        self._heap: list[tuple[tuple[float, ...], SlotRecord]] = []
        self._added = 0

    def add(self, record: SlotRecord) -> None:
        """Keep a slot if it is worse than one that is kept."""
        self._added += 1
        margin, bits = _margin(record), record.evidence_bits
        failure = _WORST_FIRST.index(record.final_verdict) if record.final_verdict in _WORST_FIRST else 0
        least = (failure, *(math.inf if value is None else value for value in (margin, bits)), self._added)
        entry = (tuple(-float(part) for part in least), record)
        if len(self._heap) < self._size:
            heapq.heappush(self._heap, entry)
        elif self._heap and entry[0] > self._heap[0][0]:
            heapq.heapreplace(self._heap, entry)

    def slots(self) -> tuple[NotedSlot, ...]:
        """Return those that are kept, the worst first."""
        return tuple(self._noted(record) for _, record in sorted(self._heap, key=lambda entry: entry[0], reverse=True))

    def _noted(self, record: SlotRecord) -> NotedSlot:
        source, shown = record.provenance, record if self._text else record.without_text()
        return NotedSlot(
            generation=source.generation if source else None,
            time=source.started if source else None,
            model=source.model if source else None,
            row=record.row,
            step=record.step,
            verdict=record.verdict,
            final_verdict=record.final_verdict,
            action=record.action,
            target=record.target,
            rule=rule_of(record),
            evidence_bits=record.evidence_bits,
            margin_bits=_margin(record),
            reason=record.reason,
            key=shown.key,
            token_text=shown.token_text,
            final_text=shown.final_text,
        )


def _margin(record: SlotRecord) -> float | None:
    written = record.final_budget or record.budget
    return None if written is None or math.isnan(written.margin_bits) else written.margin_bits
