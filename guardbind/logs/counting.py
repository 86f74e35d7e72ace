"""Counts records one by one, and keeps of them only the counts and a few slots."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from guardbind.errors import ConfigError
from guardbind.events.records import (
    Action,
    Event,
    FinalVerdict,
    GenerationRecord,
    InterventionRecord,
    SlotRecord,
    Verdict,
)
from guardbind.logs.noting import WorstSlots, rule_of
from guardbind.logs.reading import Problem, Unread
from guardbind.logs.summary import GROUPINGS, Grouping, LogCounts, LogSummary, UnreadCount, UnreadLine

__all__ = ["LogCounter", "time_of"]

_UNKNOWN = "unknown"
_OTHERS = "others"
# A foreign log might name a model or a rule of its own in each line.
_MOST_GROUPS = 2000
_REMEMBERED = 1000
_EXAMPLES = 3


def time_of(record: Event) -> float | None:
    """Return when the generation of a record began, in seconds since 1970 (UTC)."""
    return None if record.provenance is None else record.provenance.started


@dataclass(slots=True)
class _Counts:
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    finals: Counter[FinalVerdict] = field(default_factory=Counter)
    actions: Counter[Action] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    passed: int = 0
    null_forwards: int = 0
    tried: int = 0
    kept: int = 0
    generations: int = 0
    new_tokens: int = 0
    unfinished: int = 0
    sink_failures: int = 0
    seconds: float = 0.0
    guard_seconds: float = 0.0

    def add(self, record: Event) -> None:
        if isinstance(record, SlotRecord):
            self.verdicts[record.verdict] += 1
            self.finals[record.final_verdict] += 1
            self.actions[record.action] += 1
            self.passed += record.passed
            self.null_forwards += record.null_forwards
        elif isinstance(record, InterventionRecord):
            self.tried += 1
            self.kept += record.kept
        else:
            self._end(record)

    def _end(self, record: GenerationRecord) -> None:
        self.generations += 1
        self.new_tokens += record.new_tokens
        self.unfinished += len(record.unfinished)
        self.sink_failures += record.sink_failures
        self.seconds += record.seconds if math.isfinite(record.seconds) else 0.0
        self.guard_seconds += record.guard_seconds if math.isfinite(record.guard_seconds) else 0.0
        if record.error is not None:
            known = record.error in self.errors or len(self.errors) < _MOST_GROUPS
            self.errors[record.error if known else _OTHERS] += 1

    def frozen(self, label: str) -> LogCounts:
        return LogCounts(
            label=label,
            slots=self.finals.total(),
            passed=self.passed,
            verdicts=dict(self.verdicts.most_common()),
            final_verdicts=dict(self.finals.most_common()),
            actions=dict(self.actions.most_common()),
            null_forwards=self.null_forwards,
            tried=self.tried,
            kept=self.kept,
            kept_share=self.kept / self.tried if self.tried else None,
            generations=self.generations,
            new_tokens=self.new_tokens,
            unfinished=self.unfinished,
            errors=dict(self.errors.most_common()),
            sink_failures=self.sink_failures,
            seconds=self.seconds,
            guard_seconds=self.guard_seconds,
            guard_share=self.guard_seconds / self.seconds if self.seconds > 0 else None,
        )


@dataclass(slots=True)
class _UnreadLines:
    count: int = 0
    first: list[UnreadLine] = field(default_factory=list)

    def add(self, found: Unread) -> None:
        self.count += 1
        if len(self.first) < _EXAMPLES:
            self.first.append(UnreadLine(file=found.file, line=found.line, reason=found.reason))


class LogCounter:
    """Counts what a log holds; the memory it takes does not grow with the log.

    Args:
        by: Groups that are counted.
        since: Only generations that began at this time or later, in seconds since 1970 (UTC).
        until: Only generations that began before this time.
        model: Only records of this model.
        noted: How many slots are kept, of those that failed and of those that passed each.
        text: Keep prompt text of these slots, where the log holds it.

    Raises:
        ConfigError: There is no such group, or less than no slots are to be kept.
    """

    def __init__(
        self,
        *,
        by: Collection[Grouping] = GROUPINGS,
        since: float | None = None,
        until: float | None = None,
        model: str | None = None,
        noted: int = 10,
        text: bool = False,
    ) -> None:
        if unknown := [name for name in by if name not in GROUPINGS]:
            raise ConfigError(f"{unknown[0]!r} is no group; {', '.join(GROUPINGS)} are accepted.")
        if noted < 0:
            raise ConfigError(f"{noted} slots cannot be kept; 0 or more are accepted.")
        self._since, self._until, self._model = since, until, model
        self._total = _Counts()
        self._groups: dict[Grouping, dict[str, _Counts]] = {name: {} for name in GROUPINGS if name in by}
        self._unread: dict[Problem, _UnreadLines] = {}
        self._records = self._left_out = 0
        self._first: float | None = None
        self._last: float | None = None
        # What the interventions behind a slot do not say themselves.
        self._recent: OrderedDict[tuple[str | None, int, int], SlotRecord] = OrderedDict()
        self._failed = WorstSlots(noted, text=text)
        self._passed = WorstSlots(noted, text=text)

    def takes(self, record: Event) -> bool:
        """Whether a record is of the time and model that are asked for; one that does not say it is not."""
        time = time_of(record)
        if self._since is not None and (time is None or time < self._since):
            return False
        if self._until is not None and (time is None or time >= self._until):
            return False
        return self._model is None or (record.provenance is not None and record.provenance.model == self._model)

    def add(self, found: Event | Unread) -> bool:
        """Count a record or a line that is none; say whether it was a record that is asked for."""
        if isinstance(found, Unread):
            self._unread.setdefault(found.problem, _UnreadLines()).add(found)
            return False
        if not self.takes(found):
            self._left_out += 1
            return False
        self._count(found)
        return True

    def summary(self) -> LogSummary:
        """Return what was counted so far."""
        return LogSummary(
            records=self._records,
            left_out=self._left_out,
            unread=tuple(
                UnreadCount(problem=problem, lines=lines.count, first=tuple(lines.first))
                for problem, lines in self._unread.items()
            ),
            first=self._first,
            last=self._last,
            total=self._total.frozen("all"),
            groups={name: self._frozen(name) for name in self._groups},
            failed=self._failed.slots(),
            weakest=self._passed.slots(),
        )

    def _count(self, record: Event) -> None:
        self._records += 1
        time = time_of(record)
        if time is not None:
            self._first = time if self._first is None else min(self._first, time)
            self._last = time if self._last is None else max(self._last, time)
        if isinstance(record, SlotRecord):
            self._note(record)
        self._total.add(record)
        for name, label in self._labels(record):
            group = self._groups[name]
            if label not in group and len(group) >= _MOST_GROUPS:
                label = _OTHERS
            group.setdefault(label, _Counts()).add(record)

    def _note(self, record: SlotRecord) -> None:
        self._recent[_place(record)] = record
        if len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)
        (self._passed if record.passed else self._failed).add(record)

    def _labels(self, record: Event) -> Iterator[tuple[Grouping, str]]:
        source, slot = record.provenance, self._slot(record)
        time = time_of(record)
        for name in self._groups:
            if name in ("hour", "day"):
                yield name, _UNKNOWN if time is None else _when(time, name)
            elif name == "model":
                yield name, source.model if source else _UNKNOWN
            elif name == "policy":
                yield name, source.policy or _UNKNOWN if source else _UNKNOWN
            elif not isinstance(record, GenerationRecord):
                yield name, _UNKNOWN if slot is None else rule_of(slot) if name == "rule" else slot.kind

    def _slot(self, record: Event) -> SlotRecord | None:
        if isinstance(record, SlotRecord):
            return record
        return self._recent.get(_place(record)) if isinstance(record, InterventionRecord) else None

    def _frozen(self, name: Grouping) -> tuple[LogCounts, ...]:
        counts = [counted.frozen(label) for label, counted in self._groups[name].items()]
        if name in ("hour", "day"):
            return tuple(sorted(counts, key=lambda group: group.label))
        return tuple(sorted(counts, key=lambda group: (-group.slots, group.label)))


def _place(record: SlotRecord | InterventionRecord) -> tuple[str | None, int, int]:
    return (record.provenance.generation if record.provenance else None, record.row, record.step)


def _when(time: float, name: Grouping) -> str:
    try:
        moment = datetime.fromtimestamp(time, UTC)
    except (OverflowError, ValueError, OSError):
        return _UNKNOWN
    return moment.strftime("%Y-%m-%d %H:00" if name == "hour" else "%Y-%m-%d")
