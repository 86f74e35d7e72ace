"""Compares the records of a replay with those of a log, field by field."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from guardbind.events import InterventionRecord, SlotRecord

__all__ = ["Difference", "compare"]

# Times, texts, and what says the same as other fields in words, or depends on the rows beside it.
_LEFT_OUT = frozenset(
    {
        *("at", "seconds", "reason", "key", "token_text", "final_text", "text_before", "text_after", "value"),
        *("null_forwards", "null_cost", "provenance", "statement", "calibration"),
    }
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that is another in the replay.

    Attributes:
        row: Row of the batch.
        step: Tokens generated before the slot.
        event: `slot` or `intervention`.
        field: Its name; `record` where the whole record is missing or was not there.
        recorded: What the log says.
        replayed: What the replay says.
    """

    row: int
    step: int
    event: str
    field: str
    recorded: str
    replayed: str


def compare(
    recorded: tuple[Sequence[SlotRecord], Sequence[InterventionRecord]],
    replayed: tuple[Sequence[SlotRecord], Sequence[InterventionRecord]],
    tolerance: float,
) -> list[Difference]:
    """Return where two generations differ; fields that an older log does not have are not compared.

    Args:
        recorded: Slots and interventions of a log.
        replayed: Those of its replay.
        tolerance: Numbers are the same that differ by at most this, in their units, or by this share of a larger one.
    """
    slots = _compared(recorded[0], replayed[0], tolerance)
    return [*slots, *_compared(recorded[1], replayed[1], tolerance)]


_Compared = SlotRecord | InterventionRecord


def _compared(recorded: Sequence[_Compared], replayed: Sequence[_Compared], tolerance: float) -> Iterator[Difference]:
    told, again = _by_place(recorded), _by_place(replayed)
    for place in dict.fromkeys((*told, *again)):
        pairs = list(zip(told[place], again[place], strict=False))
        for old, new in pairs:
            was_told, now_told = old.model_dump(exclude_unset=True), new.model_dump()
            if isinstance(old, SlotRecord) and isinstance(new, SlotRecord):
                _leave_out_unread(old, new, was_told, now_told)
            for field, was, now in _fields(was_told, now_told, tolerance):
                yield Difference(*place, old.event, field, _told(was), _told(now))
        for old in told[place][len(pairs) :]:
            yield Difference(*place, old.event, "record", _named(old), "none")
        for new in again[place][len(pairs) :]:
            yield Difference(*place, new.event, "record", "none", _named(new))


def _leave_out_unread(old: SlotRecord, new: SlotRecord, was: dict[str, Any], now: dict[str, Any]) -> None:
    """Leave out the bits that only one side read: how many bindings are taken away is a setting, and no verdict."""
    one, other = old.bits_by_binding, new.bits_by_binding
    if len(one) != len(other):
        return
    read = [left is not None and right is not None for left, right in zip(one, other, strict=True)]
    for told, bits in ((was, one), (now, other)):
        if "bits_by_binding" in told:
            told["bits_by_binding"] = [number if both else None for number, both in zip(bits, read, strict=True)]
    # What a token rests on is the most of all that were read.
    if any(rests is not None and not read[rests] for rests in (old.rests_on, new.rests_on) if rests != -1):
        was.pop("rests_on", None)


def _by_place(records: Sequence[_Compared]) -> defaultdict[tuple[int, int], list[_Compared]]:
    found: defaultdict[tuple[int, int], list[_Compared]] = defaultdict(list)
    for record in records:
        found[record.row, record.step].append(record)
    return found


def _fields(was: Any, now: Any, tolerance: float, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield the fields that the first has and that differ in the second."""
    if isinstance(was, dict) and isinstance(now, dict):
        names = [name for name in was if name not in _LEFT_OUT]
        if path:
            names += [name for name in now if name not in was and name not in _LEFT_OUT]
        for name in names:
            yield from _fields(was.get(name), now.get(name), tolerance, f"{path}.{name}" if path else str(name))
    elif isinstance(was, list | tuple) and isinstance(now, list | tuple) and len(was) == len(now):
        for place, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from _fields(one, other, tolerance, f"{path}.{place}")
    elif isinstance(was, float) and isinstance(now, float | int):
        if not abs(was - now) <= tolerance * max(1.0, abs(was)):
            yield path, was, now
    elif was != now:
        yield path, was, now


def _told(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _named(record: _Compared) -> str:
    return record.verdict if isinstance(record, SlotRecord) else record.action
