"""Puts the records of a log together that belong to one generation."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from guardbind.events import Event, GenerationRecord, InterventionRecord, Provenance, SlotRecord

__all__ = ["RecordedGeneration", "recorded_generations"]

_MOST_OPEN = 1000  # generations whose end has not come; one that never ends must not be remembered for ever


@dataclass(frozen=True, slots=True)
class RecordedGeneration:
    """A generation that came to its end.

    Attributes:
        end: The record of its end.
        provenance: What produced it.
        slots: Its slots, in the order of the log.
        interventions: What was tried, likewise.
    """

    end: GenerationRecord
    provenance: Provenance
    slots: tuple[SlotRecord, ...]
    interventions: tuple[InterventionRecord, ...]


@dataclass(slots=True)
class _Gathered:
    slots: list[SlotRecord] = field(default_factory=list)
    interventions: list[InterventionRecord] = field(default_factory=list)


def recorded_generations(events: Iterable[Event]) -> Iterator[RecordedGeneration]:
    """Yield the generations of a log as they end; one whose end is missing is left out.

    Args:
        events: The records, in their order.
    """
    opened: OrderedDict[str, _Gathered] = OrderedDict()
    for event in events:
        if event.provenance is None:
            continue
        name = event.provenance.generation
        match event:
            case SlotRecord():
                opened.setdefault(name, _Gathered()).slots.append(event)
            case InterventionRecord():
                opened.setdefault(name, _Gathered()).interventions.append(event)
            case GenerationRecord():
                held = opened.pop(name, _Gathered())
                yield RecordedGeneration(event, event.provenance, tuple(held.slots), tuple(held.interventions))
        while len(opened) > _MOST_OPEN:
            opened.popitem(last=False)
