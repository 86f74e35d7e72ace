"""Defines what the summary of a log holds: counts by group, the slots to look at, and what could not be read."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from guardbind.events.records import Action, FinalVerdict, Verdict
from guardbind.frozen import Frozen
from guardbind.logs.reading import Problem

__all__ = ["GROUPINGS", "Grouping", "LogCounts", "LogSummary", "NotedSlot", "UnreadCount", "UnreadLine"]

Grouping = Literal["hour", "day", "model", "policy", "rule", "slot"]
"""`hour` and `day` in UTC, when the generation began; `rule`: how the target was found, and on what grounds; `slot`:
what opened the slot."""

GROUPINGS: tuple[Grouping, ...] = ("hour", "day", "model", "policy", "rule", "slot")


class LogCounts(Frozen):
    """Counts of one group of records. Generations and their seconds have no `rule` and no `slot`."""

    label: str
    """What the group has in common; `unknown` where the records do not say it."""
    slots: int
    """Slots."""
    passed: int
    """Slots that ended with `ok` or `repaired`."""
    verdicts: dict[str, int]
    """Verdicts on the model's own token."""
    final_verdicts: dict[str, int]
    """Verdicts when the value was written."""
    actions: dict[str, int]
    """What was done at the slots."""
    null_forwards: int
    """Forwards that were run for nulls."""
    tried: int
    """Interventions that were tried."""
    kept: int
    """Interventions that a second readout confirmed."""
    kept_share: float | None
    """Their share; None where none was tried."""
    generations: int
    """Generations that ended, also those that raised."""
    new_tokens: int
    """Tokens of their answers."""
    unfinished: int
    """Answers that broke off within a known value."""
    errors: dict[str, int]
    """Generations that raised, by the class of the error."""
    sink_failures: int
    """Records that a sink did not take."""
    seconds: float
    """Seconds of the generations."""
    guard_seconds: float
    """Those of them that went into guarding."""
    guard_share: float | None
    """Their share; None where no generation took time."""


class NotedSlot(Frozen):
    """A slot that is worth looking at, and where to find it."""

    generation: str | None
    """Id that its generation's records share."""
    time: float | None
    """When that began, in seconds since 1970 (UTC)."""
    model: str | None
    """Model."""
    row: int
    """Row of the batch."""
    step: int
    """Tokens generated before the slot."""
    verdict: Verdict
    """Verdict on the model's own token."""
    final_verdict: FinalVerdict
    """Verdict when the value was written."""
    action: Action
    """What was done."""
    target: int | None
    """Index of the target's binding."""
    rule: str
    """How the target was found, and on what grounds."""
    evidence_bits: float | None
    """Evidence bits of the model's own token."""
    margin_bits: float | None
    """Bits above what tau requires, of the token that was written."""
    reason: str
    """Why target and verdict are what they are; no prompt text."""
    key: str | None = None
    """Key of the target (prompt text); only where it was asked for and the log holds it."""
    token_text: str | None = None
    """The model's own token (prompt text), likewise."""
    final_text: str | None = None
    """The token that was written (prompt text), likewise."""


class UnreadLine(Frozen):
    """A line that is no record."""

    file: str
    """Name of the file."""
    line: int
    """Its number, from 1."""
    reason: str
    """What was seen."""


class UnreadCount(Frozen):
    """Lines that could not be used for one reason."""

    problem: Problem
    """What is wrong with them."""
    lines: int
    """How many."""
    first: tuple[UnreadLine, ...]
    """The first few."""


class LogSummary(Frozen):
    """What a log says."""

    records: int
    """Records that were counted."""
    left_out: int
    """Records that `since`, `until` or `model` left out."""
    unread: tuple[UnreadCount, ...]
    """Lines that are no records of this version."""
    first: float | None
    """When the earliest generation began, in seconds since 1970 (UTC)."""
    last: float | None
    """When the latest one did."""
    total: LogCounts
    """Counts of all records."""
    groups: dict[Grouping, tuple[LogCounts, ...]]
    """Counts by group; times in order, others the most slots first."""
    failed: tuple[NotedSlot, ...] = Field(default=())
    """Slots that did not pass: failures first, then what was not judged; among equals the fewest bits first."""
    weakest: tuple[NotedSlot, ...] = Field(default=())
    """Slots that passed with the fewest bits, the fewest first."""
