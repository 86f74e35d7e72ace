"""Lays the slots of a guard beside the values that an answer writes, and tells what they were resolved to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from guardbind.events import SlotRecord
from guardbind.evidence import Located
from guardbind.report.transcript import Transcript
from guardbind_bench.measures.answers_prompt import CharRange
from guardbind_bench.scoring.scoring import Written

__all__ = ["Coverage", "coverage", "slots_on"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a guard saw of the values of an answer.

    Attributes:
        covered: How many of the values have a slot.
        found: Whether the value that decides has one; None where none does.
        resolved: Whether a slot of that value has a target; None where there is no slot.
        resolved_right: Whether that target has the right value; None where there is no target or no right value.
        resolved_by: How that target was found, or why there is none.
    """

    covered: int
    found: bool | None
    resolved: bool | None
    resolved_right: bool | None
    resolved_by: str | None


def coverage(
    transcript: Transcript,
    values: Sequence[Written],
    slots: Sequence[SlotRecord],
    items: Sequence[Located],
    right: Sequence[str],
) -> Coverage:
    """Lay the slots of an answer beside its values.

    A slot lies on a value when the token it judged holds a character of the value or of the space before it.

    Args:
        transcript: The answer, and where its tokens stand.
        values: The values in the answer, in order.
        slots: The slots of the answer.
        items: What the guard's targets are indices of.
        right: Spellings of the right answer; none for a question without one.
    """
    held = [slots_on(transcript, value.span, slots) for value in values]
    count = sum(map(bool, held))
    deciding = next((on for value, on in zip(values, held, strict=True) if value.decides), None)
    if not deciding:
        return Coverage(count, None if deciding is None else False, None, None, None)
    decides = next((slot for slot in deciding if slot.target is not None), deciding[0])
    if decides.target is None:
        return Coverage(count, True, False, None, decides.resolved_by)
    item = items[decides.target]
    is_right = bool({item.value, *item.aliases} & set(right)) if right else None
    return Coverage(count, True, True, is_right, decides.resolved_by)


def slots_on(transcript: Transcript, span: CharRange, slots: Sequence[SlotRecord]) -> list[SlotRecord]:
    """Return the slots of an answer that lie on a value, given its characters in the answer."""
    answer = transcript.text[transcript.prompt_end :]
    begin = transcript.prompt_end + len(answer[: span[0]].rstrip())
    end = transcript.prompt_end + span[1]
    lying = [i for i, (start, stop) in enumerate(transcript.tokens) if start < end and begin < stop]
    return [slot for slot in slots if slot.step in lying]
